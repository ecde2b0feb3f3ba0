import type { RunFiles } from "../files/run-files.ts";
import type { Registry } from "../generators/registry.ts";
import type { Log } from "../log.ts";
import type { RunRow, RunStore } from "../stores/run-store.ts";
import { contentOf, type Leftovers } from "./leftovers.ts";
import { type Runs, WAITING_TO_RESUME } from "./runs.ts";
import { modelIsGone } from "./sentence.ts";

export interface RecoveryDeps {
  readonly store: RunStore;
  readonly runs: Runs;
  readonly registry: Registry;
  readonly files: RunFiles;
  readonly leftovers: Leftovers;
  /** How often a generator may begin on one run. */
  readonly maxAttempts: number;
  /** A picture or a part of a mesh that no run names and that is older than this was left, ms. */
  readonly strayMs: number;
  readonly log: Log;
}

/** Takes up what those left that are gone: the server before, or nodes that died. */
export interface Recovery {
  /** At a start, where nobody else works on the store: all that is there was left. */
  takeUp(): Promise<void>;
  /** A run that was cut off: finished where its mesh is in place, tried again, or ended with a sentence. */
  resume(row: RunRow): Promise<void>;
  /** Where others work too: takes up what the dead had begun, and queues what waits to go on. */
  resumeOf(isDead: (owner: string) => boolean): Promise<void>;
  /**
   * Where others work too: queues all that waits, clears up behind ended runs that nobody else does,
   * and now and then removes what belongs to no run.
   */
  tidy(isDead: (owner: string) => boolean): Promise<void>;
}

export function createRecovery(deps: RecoveryDeps): Recovery {
  const { store, runs, registry, files, leftovers, maxAttempts, strayMs, log } = deps;
  let sweptAt = performance.now();

  async function requeue(row: RunRow): Promise<void> {
    const generator = await registry.find(row.modelId);
    if (generator) await runs.queue(row, generator);
    else await runs.fail(row, modelIsGone(row.modelId));
  }

  async function resume(row: RunRow): Promise<void> {
    // The mesh appears in one step, so one that is there is whole; but any file may have that name.
    const content = contentOf(row);
    if (row.workspacePath && content && (await files.meshes.holds(row.workspacePath, content))) {
      await runs.finish(row);
      return;
    }
    // A handle leads back to the work itself, so nothing is done twice.
    if (row.attempts >= maxAttempts && row.handle === null) {
      const often = row.attempts === 1 ? "once" : `${row.attempts} times`;
      await runs.fail(
        row,
        `The server was stopped ${often} while it worked on this run. Create it again.`,
      );
      return;
    }
    const waiting = await runs.note(row, {
      step: WAITING_TO_RESUME,
      workspacePath: null,
      meshSha256: null,
      meshBytes: null,
      owner: null,
    });
    if (waiting) await requeue(waiting);
  }

  return {
    resume,
    async takeUp() {
      // In the background: work that goes on elsewhere may be slow to answer, or away.
      for (const { runId } of await store.list("unsettled")) leftovers.later(runId, "abandon");

      const active = await store.list("active");
      await files.sweep(new Set(active.flatMap(({ upload }) => upload ?? [])));
      for (const row of active.filter(({ status }) => status === "running")) await resume(row);
      for (const row of active.filter(({ status }) => status === "pending")) await requeue(row);
      // Those that ended here had their picture kept from the sweep.
      for (const { runId } of active) leftovers.later(runId, "abandon");
      if (active.length > 0)
        log.info({ runs: active.length }, "took up the runs of the server before");
    },
    async resumeOf(isDead) {
      for (const row of await store.list("running")) {
        if (row.owner === null) await requeue(row);
        else if (isDead(row.owner)) {
          log.warn({ run_id: row.runId, node: row.owner }, "the node that was at this run is dead");
          await resume(row);
        }
      }
    },
    async tidy(isDead) {
      const active = await store.list("active");
      for (const row of active.filter(({ status }) => status === "pending")) await requeue(row);
      for (const { runId, owner } of await store.list("unsettled"))
        if (owner === null || isDead(owner)) await leftovers.clear(runId, "abandon");
      if (performance.now() - sweptAt < strayMs / 2) return;
      sweptAt = performance.now();
      await files.sweep(new Set(active.flatMap(({ upload }) => upload ?? [])), strayMs);
    },
  };
}
