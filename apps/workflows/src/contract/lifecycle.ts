/**
 * The life of a workflow, as data. No clock, no I/O, no schema library: anything may import it.
 *
 * ```
 * PENDING -> RUNNING -> COMPLETED | FAILED | CANCELLED
 * RUNNING <-> PAUSED, FAILED -> RUNNING by a resume
 * ```
 *
 * A paused workflow can still end: the steps that were under way when it was paused may be its last.
 */
export const TRANSITIONS = {
  PENDING: ["RUNNING", "CANCELLED"],
  RUNNING: ["PAUSED", "COMPLETED", "FAILED", "CANCELLED"],
  PAUSED: ["RUNNING", "COMPLETED", "FAILED", "CANCELLED"],
  COMPLETED: [],
  FAILED: ["RUNNING"],
  CANCELLED: [],
} as const satisfies Record<string, readonly string[]>;

/** One of the six words a workflow's `status` may be. */
export type WorkflowStatus = keyof typeof TRANSITIONS;

/** The six words, in the order a workflow can meet them. */
export const WORKFLOW_STATUSES = Object.keys(TRANSITIONS) as [WorkflowStatus, ...WorkflowStatus[]];

/** What a caller can ask of a workflow: where it leads, from where, and what is to be done elsewhere. */
export const REQUESTS = {
  start: { to: "RUNNING", from: ["PENDING"], else: "Only a workflow that is PENDING is started." },
  pause: { to: "PAUSED", from: ["RUNNING"], else: "Only a workflow that is RUNNING is paused." },
  resume: {
    to: "RUNNING",
    from: ["PAUSED", "FAILED"],
    else: "Only a workflow that is PAUSED or FAILED is resumed.",
  },
  cancel: {
    to: "CANCELLED",
    from: ["PENDING", "RUNNING", "PAUSED"],
    else: "Only a workflow that is PENDING, RUNNING or PAUSED is cancelled.",
  },
} as const satisfies Record<
  string,
  { to: WorkflowStatus; from: readonly WorkflowStatus[]; else: string }
>;

/** A request that changes the status of a workflow. */
export type WorkflowRequest = keyof typeof REQUESTS;

/** True when a workflow may go from one status to the other in a single step. */
export const canBecome = (from: WorkflowStatus, to: WorkflowStatus): boolean =>
  (TRANSITIONS[from] as readonly WorkflowStatus[]).includes(to);

/** True when no work of a workflow goes on: it ended, though one that failed may be resumed. */
export const isOver = (status: WorkflowStatus): boolean =>
  status === "COMPLETED" || status === "FAILED" || status === "CANCELLED";

/** Why a request can't be done to a workflow of that status; undefined if it can. */
export function refusalOf(request: WorkflowRequest, status: WorkflowStatus): string | undefined {
  const { from, else: otherwise } = REQUESTS[request];
  if ((from as readonly WorkflowStatus[]).includes(status)) return undefined;
  return `The workflow is ${status}. ${otherwise}`;
}
