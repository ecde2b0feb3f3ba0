import { isEnded } from "@modly-runs/contract";

import type { Meshes } from "../files/run-files.ts";
import type { Log } from "../log.ts";
import type { EndedRun, RetirementStore } from "../stores/run-store.ts";
import type { Changes } from "./changes.ts";
import { contentOf } from "./leftovers.ts";
import type { Reads } from "./reads.ts";

/** When runs that have ended are to go; null: never for this reason. */
export interface Keep {
  /** Milliseconds after the end of a run. */
  readonly keepMs: number | null;
  /** Bytes of meshes in all. */
  readonly keepBytes: number | null;
}

export interface RetentionDeps extends Keep {
  readonly store: RetirementStore;
  /** True when other nodes retire runs too: what is kept is counted anew each time. */
  readonly isShared: boolean;
  readonly meshes: Pick<Meshes, "withdraw">;
  readonly changes: Changes;
  readonly reads: Reads;
  readonly log: Log;
}

/** So many are looked at in one go; other work comes in between. */
const AT_ONCE = 100;
/** The longest and the shortest time from one look to the next, ms. */
const LONGEST_MS = 60_000;
const SHORTEST_MS = 250;

/** Which of these runs, oldest end first, are to go when the meshes take `bytes` in all. */
export function dueOf(
  runs: readonly EndedRun[],
  { keepMs, keepBytes }: Keep,
  bytes: number,
  now: number,
): EndedRun[] {
  let left = bytes;
  return runs.filter(({ finishedAt, meshPath, meshBytes }) => {
    const isOld = keepMs !== null && finishedAt <= now - keepMs;
    const isTooMuch = keepBytes !== null && left > keepBytes;
    if (!isOld && !isTooMuch) return false;
    if (meshPath !== null) left -= meshBytes;
    return true;
  });
}

/** Retires ended runs with their keys and meshes, as the settings say; with none of them it only finishes what a crash cut off. */
export function createRetention(deps: RetentionDeps): { stop(): Promise<void> } {
  const { store, isShared, meshes, changes, reads, log, keepMs, keepBytes } = deps;
  const isOn = keepMs !== null || keepBytes !== null;
  let bytes = 0;
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let next = Number.POSITIVE_INFINITY;
  let sweeping: Promise<void> | undefined;

  async function removeMeshes(): Promise<void> {
    for (const { runId, meshPath, ...mesh } of await store.unremoved()) {
      if (meshPath !== null) await meshes.withdraw(meshPath, contentOf(mesh));
      await store.removed(runId);
    }
  }

  /** Gives how long the next look may wait, ms. */
  async function sweep(): Promise<number> {
    let retired = 0;
    let after: EndedRun | undefined;
    let wait = LONGEST_MS;
    if (isShared) bytes = await store.keptBytes();
    while (!stopping.signal.aborted) {
      const oldest = await store.oldest(AT_ONCE, after);
      const free = oldest.filter(
        ({ runId, meshPath }) =>
          !reads.isRecent(runId) && !(meshPath !== null && reads.isRecent(meshPath)),
      );
      const due = dueOf(free, deps, bytes, Date.now());
      for (const run of due) {
        if (stopping.signal.aborted || !(await store.retire(run.runId, Date.now()))) continue;
        if (run.meshPath !== null) bytes -= run.meshBytes;
        retired++;
      }
      await removeMeshes();
      // Younger ones are not due either.
      const waits = free.find((run) => !due.includes(run));
      if (waits && keepMs !== null) wait = Math.min(wait, waits.finishedAt + keepMs - Date.now());
      if (waits || oldest.length < AT_ONCE) break;
      after = oldest.at(-1);
    }
    if (retired > 0) log.info({ runs: retired, mesh_bytes: bytes }, "retired runs");
    return wait;
  }

  function look(inMs: number): void {
    const at = performance.now() + Math.max(SHORTEST_MS, inMs);
    if (stopping.signal.aborted || sweeping || at >= next) return;
    next = at;
    clearTimeout(timer);
    timer = setTimeout(begin, at - performance.now());
    timer.unref();
  }
  function begin(): void {
    let wait = LONGEST_MS;
    sweeping = sweep()
      .then((ms) => void (wait = ms))
      .catch((cause: unknown) => log.warn({ err: cause }, "runs could not be retired"))
      .finally(() => {
        sweeping = undefined;
        next = Number.POSITIVE_INFINITY;
        look(wait);
      });
  }

  async function takeUp(): Promise<void> {
    await removeMeshes();
    if (!isOn) return;
    bytes = await store.keptBytes();
    look(0);
  }
  const unsubscribe = changes.subscribeAll(({ status, meshBytes, meshIsOurs }) => {
    if (!isOn || !isEnded(status)) return;
    if (status === "done" && meshIsOurs) bytes += meshBytes ?? 0;
    look(keepBytes !== null && bytes > keepBytes ? 0 : Math.min(LONGEST_MS, keepMs ?? LONGEST_MS));
  });
  const begun = takeUp().catch((cause: unknown) =>
    log.warn({ err: cause }, "meshes of retired runs stay until the next start"),
  );

  return {
    async stop() {
      stopping.abort();
      unsubscribe();
      clearTimeout(timer);
      await begun;
      await sweeping;
    },
  };
}
