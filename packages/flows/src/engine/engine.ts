/** What the engine has to know of a step. */
export interface Node {
  readonly id: string;
  readonly needs: readonly string[];
  /** Tries after the first, of each way. */
  readonly retries: number;
  /** How many ways there are to do it: 2 with a fallback. */
  readonly ways: number;
}

export interface Graph {
  readonly steps: readonly Node[];
  /** Steps that may run at once. */
  readonly parallel: number;
  /** Milliseconds before the second try; twice as long before each next one. */
  readonly pause: number;
}

/** Where a step can be, and from where it can go on. */
export const STEP_STATUSES = [
  "waiting",
  "running",
  "done",
  "failed",
  "skipped",
  "cancelled",
] as const;
export type StepStatus = (typeof STEP_STATUSES)[number];

export interface StepState {
  readonly status: StepStatus;
  /** The number of the try that runs, or ran last; never used twice for tries that differ. */
  readonly attempt: number;
  /** Tries of this way that failed since it began or was resumed. */
  readonly failures: number;
  /** The place of the way in the list of ways. */
  readonly way: number;
  /** Not before this time, in the milliseconds of the events. */
  readonly notBefore: number;
  /** True while the attempt of that number is not over: it is gone on with, not counted again. */
  readonly open: boolean;
}

/** Where a flow run can be. */
export const FLOW_STATUSES = [
  "running",
  "pausing",
  "paused",
  "cancelling",
  "done",
  "failed",
  "cancelled",
] as const;
export type FlowStatus = (typeof FLOW_STATUSES)[number];

export interface FlowState {
  readonly status: FlowStatus;
  readonly steps: ReadonlyMap<string, StepState>;
}

/** What happened. The only way in which a state changes. */
export type Event =
  | { readonly type: "started"; readonly step: string; readonly attempt: number }
  | { readonly type: "done"; readonly step: string }
  /** `final`: another try of the same way would fail as well. */
  | { readonly type: "failed"; readonly step: string; readonly final: boolean; readonly at: number }
  | { readonly type: "skipped"; readonly step: string }
  /** A running step was stopped before it ended, because the flow run is cancelled. */
  | { readonly type: "stopped"; readonly step: string }
  | { readonly type: "ended"; readonly status: EndStatus }
  | { readonly type: "cancel" }
  | { readonly type: "pause" }
  /** Goes on after a pause, a failure or a cancel: what is done stays done. */
  | { readonly type: "resume" }
  /** The process that ran the steps is gone; what it ran is begun again, as the same attempt. */
  | { readonly type: "recovered" };

export type EndStatus = "done" | "failed" | "cancelled" | "paused";

/** What is to be done now. */
export type Action =
  | { readonly do: "start"; readonly step: string; readonly attempt: number; readonly way: number }
  /** Something that it needs did not come. */
  | { readonly do: "skip"; readonly step: string; readonly because: string }
  | { readonly do: "stop"; readonly step: string }
  /** Nothing can start before this time. */
  | { readonly do: "wake"; readonly at: number }
  | { readonly do: "end"; readonly status: EndStatus };

const FRESH: StepState = {
  status: "waiting",
  attempt: 0,
  failures: 0,
  way: 0,
  notBefore: 0,
  open: false,
};
const LONGEST_PAUSE = 60_000;

/** The state before anything happened. */
export function begin({ steps }: Graph): FlowState {
  return { status: "running", steps: new Map(steps.map(({ id }) => [id, FRESH])) };
}

/**
 * What is to be done in a state. Asked again after each event; an action that was not carried out comes again.
 *
 * Steps start in the order of the plan, as many as may run at once, when all they need is done. A step that fails
 * holds up only those that need it.
 */
export function next({ steps, parallel }: Graph, state: FlowState, now: number): Action[] {
  const actions: Action[] = [];
  let running = 0;
  let waiting = 0;
  let wake = Infinity;
  for (const { status } of state.steps.values()) if (status === "running") running++;
  const room = parallel - running;
  let started = 0;
  for (const { id, needs } of steps) {
    const step = state.steps.get(id)!;
    if (step.status === "running" && state.status === "cancelling")
      actions.push({ do: "stop", step: id });
    if (step.status !== "waiting") continue;
    waiting++;
    if (state.status !== "running") continue;
    const lost = needs.find((need) => isLost(state.steps.get(need)!.status));
    if (lost !== undefined) actions.push({ do: "skip", step: id, because: lost });
    else if (needs.every((need) => state.steps.get(need)!.status === "done")) {
      if (step.notBefore > now) wake = Math.min(wake, step.notBefore);
      else if (started < room) {
        started++;
        const attempt = step.open ? step.attempt : step.attempt + 1;
        actions.push({ do: "start", step: id, attempt, way: step.way });
      }
    }
  }
  if (state.status === "running") {
    if (wake < Infinity) actions.push({ do: "wake", at: wake });
    if (running === 0 && waiting === 0) actions.push({ do: "end", status: outcomeOf(state) });
  } else if (running === 0 && state.status === "pausing")
    actions.push({ do: "end", status: waiting === 0 ? outcomeOf(state) : "paused" });
  else if (running === 0 && state.status === "cancelling")
    actions.push({ do: "end", status: "cancelled" });
  return actions;
}

const isLost = (status: StepStatus) =>
  status === "failed" || status === "skipped" || status === "cancelled";

function outcomeOf({ steps }: FlowState): "done" | "failed" {
  return [...steps.values()].every(({ status }) => status === "done") ? "done" : "failed";
}

/** The state after an event. One that does not fit changes nothing: the first end of a step is its end. */
export function apply(graph: Graph, state: FlowState, event: Event): FlowState {
  switch (event.type) {
    case "started":
      return change(state, event.step, ["waiting"], (step) => ({
        ...step,
        status: "running",
        attempt: event.attempt,
        open: true,
      }));
    case "done":
      // Also of a step that waits: what was made before need not be begun.
      return change(state, event.step, ["running", "waiting"], (step) => ({
        ...step,
        status: "done",
        open: false,
      }));
    case "failed":
      return change(state, event.step, ["running"], (step) =>
        afterFailure(graph, state, step, event),
      );
    case "skipped":
      return change(state, event.step, ["waiting"], (step) => ({ ...step, status: "skipped" }));
    case "stopped":
      return change(state, event.step, ["running"], (step) => ({
        ...step,
        status: "cancelled",
        open: false,
      }));
    case "ended":
      return isEnded(state.status) ? state : { ...state, status: event.status };
    case "cancel":
      if (isEnded(state.status) && state.status !== "paused") return state;
      return each({ ...state, status: "cancelling" }, (step) =>
        step.status === "waiting" ? { ...step, status: "cancelled", open: false } : step,
      );
    case "pause":
      return state.status === "running" ? { ...state, status: "pausing" } : state;
    case "resume":
      if (state.status === "running" || state.status === "done" || state.status === "cancelling")
        return state;
      return each({ ...state, status: "running" }, (step) =>
        isLost(step.status)
          ? { ...FRESH, attempt: step.attempt }
          : step.status === "waiting"
            ? { ...step, notBefore: 0 }
            : step,
      );
    case "recovered":
      return each(state, (step) =>
        step.status === "running" ? { ...step, status: "waiting" } : step,
      );
  }
}

/** True if nothing goes on by itself any more. */
export const isEnded = (status: FlowStatus): status is EndStatus =>
  status === "done" || status === "failed" || status === "cancelled" || status === "paused";

function afterFailure(
  graph: Graph,
  { status }: FlowState,
  step: StepState,
  { step: id, final, at }: Extract<Event, { type: "failed" }>,
): StepState {
  const { retries, ways } = graph.steps.find((node) => node.id === id)!;
  const failures = step.failures + 1;
  const closed = { ...step, failures, open: false };
  if (status === "cancelling") return { ...closed, status: "cancelled" };
  if (!final && failures <= retries)
    return {
      ...closed,
      status: "waiting",
      notBefore: at + Math.min(LONGEST_PAUSE, graph.pause * 2 ** (failures - 1)),
    };
  if (step.way + 1 < ways)
    return { ...closed, status: "waiting", way: step.way + 1, failures: 0, notBefore: at };
  return { ...closed, status: "failed" };
}

function change(
  state: FlowState,
  id: string,
  from: readonly StepStatus[],
  how: (step: StepState) => StepState,
): FlowState {
  const step = state.steps.get(id);
  if (!step || !from.includes(step.status)) return state;
  return { ...state, steps: new Map(state.steps).set(id, how(step)) };
}

function each(state: FlowState, how: (step: StepState) => StepState): FlowState {
  return { ...state, steps: new Map([...state.steps].map(([id, step]) => [id, how(step)])) };
}
