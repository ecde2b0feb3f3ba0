import type { Model } from "@modly-runs/contract/companion";
import { ChevronDown, SlidersHorizontal, Box } from "lucide-react";

import { useWords } from "../messages/index.ts";
import type { Api } from "../server/api.ts";
import { useLoaded } from "../ui/parts.tsx";
import type { Changes, DraftBook, Picture } from "./draft.ts";
import { ModelPicker } from "./ModelPicker.tsx";
import { ParamFields } from "./ParamFields.tsx";
import { isTaken, valueOf } from "./params.ts";
import { Tray } from "./Tray.tsx";

/** What is started when somebody says so. */
export interface Order {
  readonly pictures: readonly Picture[];
  readonly modelId: string;
  readonly modelName: string;
  readonly params: Changes;
}

interface ComposerProps {
  readonly api: Api;
  readonly book: DraftBook;
  /** Undefined while they are asked for, null when the server has no list. */
  readonly models: readonly Model[] | null | undefined;
  readonly onStart: (order: Order) => void;
}

/** The model that is taken when nobody chose: the server's, as the command line does it. */
function usualModel(models: readonly Model[] | null | undefined): string {
  if (models === null) return "builtin/auto";
  const found =
    models?.find(({ active }) => active) ??
    models?.find(({ downloaded }) => downloaded) ??
    models?.[0];
  return found?.id ?? "";
}

/** From pictures to a start: pictures, model, settings, one button. */
export function Composer({ api, book, models, onStart }: ComposerProps) {
  const t = useWords();
  const { draft } = book;
  const known = models?.some(({ id }) => id === draft.modelId) || models === null;
  const modelId = (known ? draft.modelId : undefined) ?? usualModel(models);
  const changes = draft.changes[modelId] ?? {};
  const specs = useLoaded(async () => {
    if (modelId === "" || models === null) return undefined;
    const asked = await api.params(modelId);
    return asked.ok ? asked.value : undefined;
  }, modelId);
  const count = draft.pictures.length;
  const changed = Object.keys(changes).length;
  const isRight = specs?.every((spec) => isTaken(spec, valueOf(spec, changes))) ?? true;
  const start = () =>
    onStart({
      pictures: draft.pictures,
      modelId,
      modelName: models?.find(({ id }) => id === modelId)?.name ?? modelId,
      params: changes,
    });

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        start();
      }}
    >
      <Tray
        pictures={draft.pictures}
        onAdd={book.add}
        onRemove={book.remove}
        onClear={book.clear}
      />
      {count > 0 && (
        <>
          {models !== undefined && (
            <ModelPicker models={models} modelId={modelId} onChoose={book.choose} />
          )}
          {specs && specs.length > 0 && (
            <details className="settings">
              <summary>
                <SlidersHorizontal aria-hidden="true" />
                <span>{t("settings")}</span>
                {changed > 0 && (
                  <span className="badge">{t("settingsChanged", { count: changed })}</span>
                )}
                <ChevronDown aria-hidden="true" className="chevron" />
              </summary>
              <div className="settings-body">
                <ParamFields
                  key={modelId}
                  specs={specs}
                  changes={changes}
                  onChange={(next) => book.change(modelId, next)}
                />
              </div>
            </details>
          )}
          <div className="start">
            <button type="submit" className="button primary" disabled={!isRight || modelId === ""}>
              <Box aria-hidden="true" />
              {count === 1 ? t("make") : t("makeMany", { count: t.number(count) })}
            </button>
          </div>
        </>
      )}
    </form>
  );
}
