import type { Model } from "@modly-runs/contract/companion";
import { Check } from "lucide-react";
import { useId } from "react";

import { useWords } from "../messages/index.ts";

interface ModelPickerProps {
  /** Null when the server does not list its models: then one is named by hand. */
  readonly models: readonly Model[] | null;
  readonly modelId: string;
  readonly onChoose: (modelId: string) => void;
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
  return (
    <fieldset className="models">
      <legend>{t("model")}</legend>
      <div className="model-list">
        {models.map((model) => (
          <label key={model.id} className="model">
            <input
              type="radio"
              name={name}
              value={model.id}
              checked={model.id === modelId}
              onChange={() => onChoose(model.id)}
            />
            <span className="model-text">
              <span className="model-name">
                {model.name}
                {!model.downloaded && <span className="badge">{t("notReady")}</span>}
              </span>
              <span className="model-description">{model.description}</span>
            </span>
            <Check aria-hidden="true" className="model-check" />
          </label>
        ))}
      </div>
    </fieldset>
  );
}
