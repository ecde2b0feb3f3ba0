import { isEnded } from "@modly-runs/contract";

import type { RunFiles } from "../files/run-files.ts";
import type { Registry } from "../generators/registry.ts";
import type { Log } from "../log.ts";
import type { RunChange, RunRow, RunStore } from "../stores/run-store.ts";

export interface LeftoversDeps {
  readonly store: RunStore;
  readonly files: RunFiles;
  readonly registry: Registry;
  readonly log: Log;
}

/**
 * What to do with a handle on work elsewhere: `drop` it where the generator has let go, `keep` it
 * where it may not have, `abandon` the work where no generator is at it.
 */
export type HandleEnd = "drop" | "keep" | "abandon";

/** Clears away what an ended run no longer needs. What fails now is tried again at the next start. */
export interface Leftovers {
  clear(runId: string, handle: HandleEnd): Promise<void>;
}

export function createLeftovers({ store, files, registry, log }: LeftoversDeps): Leftovers {
  async function isLetGo(row: RunRow, end: HandleEnd): Promise<boolean> {
    if (row.handle === null || end === "keep") return false;
    if (end === "drop") return true;
    const generator = await registry.find(row.modelId);
    return !generator?.abandon || (await generator.abandon(row.handle));
  }

  async function clear(runId: string, end: HandleEnd): Promise<void> {
    const row = await store.get(runId);
    if (!row || !isEnded(row.status)) return;
    if (row.upload !== null) await files.uploads.remove(row.upload);
    let change: RunChange = {};
    if (row.status !== "done" && row.workspacePath !== null) {
      // Only a name with the run's id is ours for certain; another may be somebody's own file.
      if (row.workspacePath.includes(runId)) await files.meshes.withdraw(row.workspacePath);
      change = { workspacePath: null };
    }
    if (await isLetGo(row, end)) change = { ...change, handle: null };
    if (Object.keys(change).length > 0) await store.change(row, change);
  }

  return {
    clear: (runId, end) =>
      clear(runId, end).catch((cause: unknown) =>
        log.warn({ run_id: runId, err: cause }, "a run's leftovers stay until the next start"),
      ),
  };
}
