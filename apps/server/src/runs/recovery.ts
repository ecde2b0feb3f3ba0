import type { RunFiles } from "../files/run-files.ts";
import type { Registry } from "../generators/registry.ts";
import type { Log } from "../log.ts";
import type { RunQueue } from "../queues/run-queue.ts";
import type { RunRow, RunStore } from "../stores/run-store.ts";
import { contentOf, type Leftovers } from "./leftovers.ts";
import { type Runs, WAITING_TO_RESUME } from "./runs.ts";
import { modelIsGone } from "./sentence.ts";

export interface RecoveryDeps {
  readonly store: RunStore;
  readonly runs: Runs;
  readonly queue: RunQueue;
  readonly registry: Registry;
  readonly files: RunFiles;
  readonly leftovers: Leftovers;
  /** How often a generator may begin on one run. */
  readonly maxAttempts: number;
  readonly log: Log;
}

/**
 * What a start does with the runs of the server before: those that wait are queued again, those cut
 * off are finished where their mesh is in its place, tried again, or ended with a sentence.
 */
export async function recover(deps: RecoveryDeps): Promise<void> {
  const { store, runs, queue, registry, files, leftovers, maxAttempts, log } = deps;

  async function requeue(row: RunRow): Promise<void> {
    const generator = await registry.find(row.modelId);
    if (generator) await queue.add({ runId: row.runId, slot: generator.slot });
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
    });
    if (waiting) await requeue(waiting);
  }

  // In the background: work that goes on elsewhere may be slow to answer, or away.
  for (const { runId } of await store.list("unsettled")) leftovers.later(runId, "abandon");

  const active = await store.list("active");
  await files.sweep(new Set(active.flatMap(({ upload }) => upload ?? [])));
  for (const row of active.filter(({ status }) => status === "running")) await resume(row);
  for (const row of active.filter(({ status }) => status === "pending")) await requeue(row);
  // Those that ended here had their picture kept from the sweep.
  for (const { runId } of active) leftovers.later(runId, "abandon");
  if (active.length > 0) log.info({ runs: active.length }, "took up the runs of the server before");
}
