import type { Model } from "@modly-runs/contract/companion";
import { Check, ChevronDown } from "lucide-react";
import { useId } from "react";

import { useWords } from "../messages/index.ts";

interface ModelPickerProps {
  /** Null when the server does not list its models: then one is named by hand. */
  readonly models: readonly Model[] | null;
  readonly modelId: string;
  readonly onChoose: (modelId: string) => void;
}

function ModelText({ model }: { model: Model }) {
  const t = useWords();
  return (
    <span className="model-text">
      <span className="model-name">
        {model.name}
        {!model.downloaded && <span className="badge">{t("notReady")}</span>}
      </span>
      <span className="model-description">{model.description}</span>
    </span>
  );
}

/** Which model makes the mesh, with what each says of itself. */
export function ModelPicker({ models, modelId, onChoose }: ModelPickerProps) {
  const t = useWords();
  const name = useId();
  const hint = useId();
  if (models === null)
    return (
      <div className="field">
        <label htmlFor={name}>{t("modelId")}</label>
        <input
          id={name}
          type="text"
          value={modelId}
          aria-describedby={hint}
          onChange={({ target }) => onChoose(target.value)}
        />
        <p id={hint} className="hint">
          {t("modelIdHint")}
        </p>
      </div>
    );
  const chosen = models.find(({ id }) => id === modelId);
  const choose = (event: React.MouseEvent | React.KeyboardEvent) => {
    const details = event.currentTarget.closest("details");
    if (!details) return;
    details.open = false;
    details.querySelector("summary")?.focus();
  };
  return (
    <details className="models">
      <summary>
        <span className="models-title">{t("model")}</span>
        {chosen && <ModelText model={chosen} />}
        <ChevronDown aria-hidden="true" className="chevron" />
      </summary>
      <fieldset
        className="model-list"
        aria-label={t("model")}
        onKeyDown={(event) => {
          if (event.key !== "Enter" && event.key !== "Escape") return;
          // Enter would send the form that this stands in.
          event.preventDefault();
          choose(event);
        }}
      >
        {models.map((model) => (
          <label key={model.id} className="model">
            <input
              type="radio"
              name={name}
              value={model.id}
              checked={model.id === modelId}
              onChange={() => onChoose(model.id)}
              onClick={(event) => {
                // Arrow keys click too, but at no place: they only look around.
                if (event.clientX !== 0 || event.clientY !== 0) choose(event);
              }}
            />
            <ModelText model={model} />
            <Check aria-hidden="true" className="model-check" />
          </label>
        ))}
      </fieldset>
    </details>
  );
}
