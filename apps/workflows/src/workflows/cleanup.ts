import { isFile, type Value } from "@modly-runs/flows";
import type { FlowStore, Memory, Objects } from "@modly-runs/flows/ports";

import { taskOf } from "../contract/tasks.ts";
import type { CleanupReport } from "../contract/workflow.ts";
import type { WorkflowStore } from "../stores/workflow-store.ts";
import { fileUrl } from "./view.ts";

export interface CleanupDeps {
  readonly store: WorkflowStore;
  readonly flows: FlowStore;
  readonly memory: Memory;
  readonly objects: Objects;
}

/** Bytes that are younger may be another workflow's that is just being done, ms. */
const YOUNG = 60_000;

export const nothingCleaned: CleanupReport = {
  tasks_processed: 0,
  tasks_cleaned: 0,
  deleted_paths: [],
  errors: [],
};

/** Removes the files of a workflow that nobody else refers to. Done again after a crash, it goes on where it was. */
export async function cleanUp(
  { store, flows, memory, objects }: CleanupDeps,
  id: string,
): Promise<CleanupReport> {
  const [flow, rows] = await Promise.all([flows.get(id), flows.steps(id)]);
  const given = (flow?.plan.steps ?? []).flatMap(({ inputs }) =>
    Object.values(inputs)
      .flat()
      .flatMap((source) => ("value" in source ? [source.value] : [])),
  );
  await flows.forget(id);
  const used = await memory.used();
  const before = (await store.running()) === 0 ? Infinity : Date.now() - YOUNG;
  const deleted = new Set<string>();
  const remove = async (values: readonly Value[]) => {
    for (const value of values)
      if (isFile(value) && !used.has(value.sha256) && (await objects.remove(value.sha256, before)))
        deleted.add(fileUrl(id, value));
  };
  const errors: CleanupReport["errors"] = [];
  for (const { step, runId, outputs } of rows)
    await remove(Object.values(outputs ?? {})).catch((cause: Error) =>
      errors.push({
        task_id: runId ?? step,
        step_id: step,
        task_type: taskOf(flow!.plan.steps.find((one) => one.id === step)!.ways[0].uses),
        error: `Its files can't be removed (${(cause as NodeJS.ErrnoException).code ?? "unknown"}).`,
      }),
    );
  await remove(given);
  return {
    tasks_processed: rows.length,
    tasks_cleaned: rows.length - errors.length,
    deleted_paths: [...deleted],
    errors,
  };
}

/** Removes bytes that nothing refers to: of workflows that never came to be, and those that were too young before. */
export async function sweep({ memory, objects }: Pick<CleanupDeps, "memory" | "objects">) {
  return objects.sweep(await memory.used(), Date.now() - 10 * YOUNG);
}
