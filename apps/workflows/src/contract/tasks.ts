import { type KindName, kindOf } from "@modly-runs/flows";

/** What a step's `task_type` does: the kind of step of a flow. The first five are the neighbouring API's. */
export const TASKS = {
  GENERATION: "generate",
  REFINE: "simplify",
  CONVERT: "convert",
  PREVIEW: "preview",
  MEASURE: "measure",
  CUTOUT: "cutout",
  RESIZE: "resize",
  SCALE: "scale",
  MERGE: "merge",
  PICK: "pick",
  SEND: "http",
} as const satisfies Record<string, KindName>;

/** A task that does one thing; EACH does others for each of a list. */
export type TaskName = keyof typeof TASKS;

export const TASK_NAMES = Object.keys(TASKS) as [TaskName, ...TaskName[]];

const byKind = new Map<KindName, TaskName>(TASK_NAMES.map((name) => [TASKS[name], name]));

/** The task of a kind of step. */
export const taskOf = (kind: KindName): TaskName => byKind.get(kind)!;

/** Inputs of a task that are files: in `config` they are addresses, `https://` or `data:`. */
export const filesOf = (task: TaskName): string[] => Object.keys(kindOf(TASKS[task]).inputs);
