import { RotateCcw, SlidersHorizontal, Square } from "lucide-react";
import { useState } from "react";

import { useWords } from "../messages/index.ts";
import { type Entry, extraOf, stateOf, timeOf } from "../runs/entry.ts";
import { useNow, useObjectUrl } from "../ui/parts.tsx";
import { inBackground } from "../ui/background.ts";

interface ProgressProps {
  readonly entry: Entry;
  readonly picture: Blob | undefined;
  /** Resolves with a sentence when the server would not. */
  readonly onCancel: () => Promise<string | undefined>;
}

/** A run that goes on: its picture, its step's words, how far it is, for how long. */
export function Progress({ entry, picture, onCancel }: ProgressProps) {
  const t = useWords();
  const url = useObjectUrl(picture);
  const now = useNow(true);
  const [asked, setAsked] = useState(false);
  const [problem, setProblem] = useState<string>();
  const state = stateOf(entry);
  const percent = entry.run?.progress ?? 0;
  const place = extraOf(entry, "queue_position");
  const step =
    state === "sending"
      ? t("sending")
      : state === "pending"
        ? typeof place === "number"
          ? place === 0
            ? t("pendingNext")
            : t("pendingPlace", { count: t.number(place) })
          : t("pending")
        : (entry.run?.step ?? t("running"));
  return (
    <div className="progress">
      <div className="progress-picture">{url && <img src={url} alt={entry.pictureName} />}</div>
      <div className="progress-words">
        <p className="progress-step">{step}</p>
        <p className="progress-time">
          {state === "running" && `${t.number(percent)} % · `}
          {t("elapsed", {
            time: t.duration(now - (timeOf(entry, "started_at") ?? entry.startedAt)),
          })}
        </p>
      </div>
      <progress max={100} aria-label={step} {...(state === "running" ? { value: percent } : {})} />
      <button
        type="button"
        className="button"
        disabled={asked}
        onClick={() => {
          setAsked(true);
          inBackground(
            onCancel().then((why) => {
              setProblem(why);
              setAsked(why === undefined);
            }),
          );
        }}
      >
        <Square aria-hidden="true" /> {t("cancel")}
      </button>
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

interface EndedProps {
  readonly entry: Entry;
  readonly picture: Blob | undefined;
  readonly onAgain: () => void;
  readonly onAgainWith: () => void;
}

/** A run that ended without a mesh: what was wrong, in the server's words, and what to do. */
export function Ended({ entry, picture, onAgain, onAgainWith }: EndedProps) {
  const t = useWords();
  const url = useObjectUrl(picture);
  const state = stateOf(entry);
  const why =
    state === "refused"
      ? entry.refused
      : state === "lost"
        ? t("lostText")
        : state === "cancelled"
          ? t("cancelledText")
          : (entry.run?.error ?? "");
  return (
    <div className="progress ended" data-state={state}>
      <div className="progress-picture">{url && <img src={url} alt={entry.pictureName} />}</div>
      <div className="progress-words">
        <p className="progress-step">{t(state)}</p>
        <p className="ended-why">{why}</p>
      </div>
      <div className="ended-buttons">
        <button type="button" className="button primary" disabled={!picture} onClick={onAgain}>
          <RotateCcw aria-hidden="true" /> {t("again")}
        </button>
        <button type="button" className="button" disabled={!picture} onClick={onAgainWith}>
          <SlidersHorizontal aria-hidden="true" /> {t("againWith")}
        </button>
      </div>
    </div>
  );
}
