import { isEnded } from "@modly-runs/contract";

import type { Content, RunFiles } from "../files/run-files.ts";
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

/** What the run's mesh was to have in it, noted before it was put in its place. */
export function contentOf({
  meshSha256,
  meshBytes,
}: Pick<RunRow, "meshSha256" | "meshBytes">): Content | undefined {
  return meshSha256 === null || meshBytes === null
    ? undefined
    : { sha256: meshSha256, bytes: meshBytes };
}

/** Clears away what an ended run no longer needs. What fails now is tried again at the next start. */
export interface Leftovers {
  clear(runId: string, handle: HandleEnd): Promise<void>;
  /** The same in the background. */
  later(runId: string, handle: HandleEnd): void;
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
      const content = contentOf(row);
      // What was there before the run, or is not what it made, is somebody's own file.
      if (row.meshIsOurs && content) await files.meshes.withdraw(row.workspacePath, content);
      change = { workspacePath: null, meshSha256: null, meshBytes: null };
    }
    if (await isLetGo(row, end)) change = { ...change, handle: null };
    // Where others work too, a run is settled once nobody has to clear up behind it.
    if (store.isShared && row.owner !== null) change = { ...change, owner: null };
    if (Object.keys(change).length > 0) await store.change(row, change);
  }

  const stays = (runId: string) => (cause: unknown) =>
    log.warn({ run_id: runId, err: cause }, "a run's leftovers stay until the next start");

  return {
    clear: (runId, end) => clear(runId, end).catch(stays(runId)),
    later(runId, end) {
      clear(runId, end).catch(stays(runId));
    },
  };
}
