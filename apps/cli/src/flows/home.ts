import { mkdirSync } from "node:fs";
import path from "node:path";

import type { FlowStore, FlowSummary, Memory, Objects } from "@modly-runs/flows/ports";
import { openLibsqlStore, openObjects, StoreUnusable } from "@modly-runs/flows/local";

import { type Ending, EXIT } from "../exit.ts";
import { journalFile } from "../local/journal.ts";
import { SELF } from "../self.ts";

/** What this machine keeps of flow runs. */
export interface Home {
  store: FlowStore & Memory;
  objects: Objects;
}

/** Opens it beside the journal, works with it and closes it. */
export async function atHome(work: (home: Home) => Promise<Ending>): Promise<Ending> {
  const folder = path.join(path.dirname(journalFile()), "flows");
  let store;
  try {
    mkdirSync(folder, { recursive: true });
    store = openLibsqlStore(path.join(folder, "flows.db"));
  } catch (cause) {
    const message =
      cause instanceof StoreUnusable
        ? cause.message
        : `The folder ${folder} can't be written: ${(cause as Error).message}.`;
    return { exit: EXIT.file, code: "local_file", message };
  }
  try {
    return await work({ store, objects: openObjects(path.join(folder, "objects")) });
  } finally {
    store.close();
  }
}

/** The flow run whose id begins so, or how to end without one. */
export async function flowRunCalled(
  { store }: Home,
  word: string,
): Promise<{ ok: true; value: FlowSummary } | { ok: false; ending: Ending }> {
  const found = (await store.list(10_000)).filter(({ id }) => id.startsWith(word));
  const exact = found.length === 1 ? found[0] : found.find(({ id }) => id === word);
  if (exact) return { ok: true, value: exact };
  const message =
    found.length === 0
      ? `There is no flow run ${word}. \`${SELF} flow list\` tells which there are.`
      : `${found.length} flow runs begin with ${word}. Say more of the id.`;
  return { ok: false, ending: { exit: EXIT.usage, code: "not_found", message } };
}
