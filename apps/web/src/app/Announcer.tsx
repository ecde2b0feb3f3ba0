import { useEffect, useRef, useState } from "react";

import { type Words, useWords } from "../messages/index.ts";
import { type Entry, stateOf, type State } from "../runs/entry.ts";

function sentenceOf(entry: Entry, state: State, t: Words): string {
  const name = entry.pictureName;
  if (state === "done") return t("announceDone", { name });
  if (state === "error" || state === "refused")
    return t("announceError", { name, why: entry.run?.error ?? entry.refused ?? "" });
  return t("announceStart", { name, state: (state === "running" && entry.run?.step) || t(state) });
}

/** Tells screen readers how runs go on: each change of state, and the steps of the one that is open. */
export function Announcer({
  entries,
  openId,
}: {
  entries: readonly Entry[];
  openId: string | undefined;
}) {
  const t = useWords();
  const told = useRef<Map<string, string>>(undefined);
  const [sentence, setSentence] = useState("");
  useEffect(() => {
    const before = told.current;
    told.current = new Map(
      entries.map((entry) => {
        const state = stateOf(entry);
        const step = entry.id === openId && state === "running" ? (entry.run?.step ?? "") : "";
        return [entry.id, `${state} ${step}`];
      }),
    );
    // What was there when the page was opened is no news.
    const changed = before && entries.find(({ id }) => before.get(id) !== told.current?.get(id));
    if (changed) setSentence(sentenceOf(changed, stateOf(changed), t));
  }, [entries, openId, t]);
  return (
    <p className="read-aloud" role="status">
      {sentence}
    </p>
  );
}
