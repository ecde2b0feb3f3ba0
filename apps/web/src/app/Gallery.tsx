import { Check, Plus, Trash2, X } from "lucide-react";
import { useState } from "react";

import { MOST_BESIDE } from "../look/Beside.tsx";
import { useWords } from "../messages/index.ts";
import { type Entry, isActive, stateOf } from "../runs/entry.ts";
import type { History } from "../runs/history.ts";
import { Dialog, IconButton, Spinner, useLoaded, useObjectUrl } from "../ui/parts.tsx";

interface CardProps {
  readonly entry: Entry;
  readonly history: History;
  readonly isOpen: boolean;
  /** Undefined unless meshes are chosen to stand side by side. */
  readonly isBeside: boolean | undefined;
  readonly canBeside: boolean;
  readonly onOpen: () => void;
  readonly onForget: () => void;
}

function Card({ entry, history, isOpen, isBeside, canBeside, onOpen, onForget }: CardProps) {
  const t = useWords();
  const state = stateOf(entry);
  const key = `${entry.id}:${state}:${history.seen(entry.id)}`;
  const small = useLoaded(
    async () =>
      (state === "done" ? await history.thumbnail(entry.id) : undefined) ??
      (await history.thumbnail(entry.pictureId)),
    key,
  );
  const url = useObjectUrl(small);
  const words = isActive(entry) && entry.run?.step ? entry.run.step : t(state);
  const isOff = isBeside !== undefined && (state !== "done" || (!isBeside && !canBeside));
  return (
    <li className="card" data-state={state} data-open={isOpen || isBeside || undefined}>
      <button
        type="button"
        className="card-open"
        aria-current={isBeside === undefined && isOpen ? "true" : undefined}
        aria-pressed={isBeside}
        disabled={isOff}
        onClick={onOpen}
      >
        <span className="card-picture">
          {url && <img src={url} alt="" loading="lazy" />}
          {isActive(entry) && <Spinner />}
          {isBeside !== undefined && !isOff && (
            <span className="card-mark">
              {isBeside ? <Check aria-hidden="true" /> : <Plus aria-hidden="true" />}
            </span>
          )}
        </span>
        <span className="card-name">{entry.pictureName}</span>
        <span className="card-state">{state === "done" ? entry.modelName : words}</span>
      </button>
      {isBeside === undefined && (
        <IconButton icon={X} label={`${t("forget")}: ${entry.pictureName}`} onClick={onForget} />
      )}
    </li>
  );
}

interface GalleryProps {
  readonly entries: readonly Entry[];
  readonly history: History;
  readonly openId: string | undefined;
  /** Undefined unless meshes are chosen to stand side by side. */
  readonly beside: readonly string[] | undefined;
  readonly onOpen: (id: string) => void;
  readonly onToggleBeside: (id: string) => void;
  readonly onForget: (ids: readonly string[]) => void;
}

/** What this browser made, newest first. */
export function Gallery(props: GalleryProps) {
  const { entries, history, openId, beside, onOpen, onToggleBeside, onForget } = props;
  const t = useWords();
  const [isSure, setSure] = useState(false);
  if (entries.length === 0) return null;
  return (
    <section className="gallery" aria-labelledby="gallery-title">
      <header>
        <h2 id="gallery-title">
          {t("history")} <span className="count">{t.number(entries.length)}</span>
        </h2>
        <button type="button" className="quiet" onClick={() => setSure(true)}>
          <Trash2 aria-hidden="true" /> {t("forgetAll")}
        </button>
      </header>
      <ul className="cards">
        {entries.map((entry) => (
          <Card
            key={entry.id}
            entry={entry}
            history={history}
            isOpen={entry.id === openId}
            isBeside={beside?.includes(entry.id)}
            canBeside={(beside?.length ?? 0) < MOST_BESIDE}
            onOpen={() => (beside ? onToggleBeside(entry.id) : onOpen(entry.id))}
            onForget={() => onForget([entry.id])}
          />
        ))}
      </ul>
      {isSure && (
        <Dialog title={t("forgetAll")} onClose={() => setSure(false)}>
          <p>{t("forgetSure")}</p>
          <div className="dialog-buttons">
            <button type="button" className="button" onClick={() => setSure(false)}>
              {t("no")}
            </button>
            <button
              type="button"
              className="button primary"
              onClick={() => {
                setSure(false);
                onForget(entries.map(({ id }) => id));
              }}
            >
              {t("yes")}
            </button>
          </div>
        </Dialog>
      )}
    </section>
  );
}
