/**
 * The life of a run, as data. No clock, no I/O, no schema library: anything may import it.
 *
 * ```
 * pending -> running -> done | error | cancelled
 * pending -> cancelled | error
 * ```
 */
export const TRANSITIONS = {
  pending: ["running", "cancelled", "error"],
  running: ["done", "error", "cancelled"],
  done: [],
  error: [],
  cancelled: [],
} as const satisfies Record<string, readonly string[]>;

/** One of the five words a run's `status` may be. */
export type RunStatus = keyof typeof TRANSITIONS;

/** A status that a run never leaves. */
export type EndedStatus = {
  [S in RunStatus]: (typeof TRANSITIONS)[S] extends readonly [] ? S : never;
}[RunStatus];

/** The five words, in the order a run can meet them. */
export const RUN_STATUSES = Object.keys(TRANSITIONS) as [RunStatus, ...RunStatus[]];

/** True for exactly the five words, in exactly this spelling. */
export function isRunStatus(value: unknown): value is RunStatus {
  return typeof value === "string" && Object.hasOwn(TRANSITIONS, value);
}

/** The statuses a run may take next, in one step. */
export function nextStatuses(status: RunStatus): readonly RunStatus[] {
  return TRANSITIONS[status];
}

/** True once nothing of the run changes any more. */
export function isEnded(status: RunStatus): status is EndedStatus {
  return nextStatuses(status).length === 0;
}

/** True when a run may go from one status to the other in a single step. */
export function canBecome(from: RunStatus, to: RunStatus): boolean {
  return nextStatuses(from).includes(to);
}

/**
 * True when somebody who saw `earlier` may later see `later`.
 *
 * Observers miss states, so this is every number of steps, also none.
 */
export function canBeSeenAfter(earlier: RunStatus, later: RunStatus): boolean {
  return earlier === later || nextStatuses(earlier).some((next) => canBeSeenAfter(next, later));
}
