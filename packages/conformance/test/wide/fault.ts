import { type Behaviour, correct } from "../reference/behaviour.ts";
import type { StoredRun } from "../reference/lab.ts";
import type { Condition, When } from "./conditions.ts";

/** One way to be wrong, for a condition to decide when. */
export interface Fault {
  name: string;
  /** What the server does wrong, as the beginning of a sentence. */
  wrong: string;
  /** Where it is crossed with; each list is a kind of condition. */
  with: readonly (readonly Condition[])[];
  make(when: When): Partial<Behaviour>;
}

/** A fault in what reads show of runs in one status. */
export function shows(
  status: StoredRun["status"],
  patch: (run: StoredRun) => Record<string, unknown>,
): Fault["make"] {
  return (when) => ({
    view: (run, lab) => ({
      ...correct.view(run, lab),
      ...(run.status === status && when(lab, run) ? patch(run) : {}),
    }),
  });
}
