import type { FlowStatus, StepState } from "../engine/engine.ts";
import type { Plan } from "../plan/plan.ts";
import type { Value } from "../plan/value.ts";

/** What came of a step, by the names of its outputs. */
export type Outputs = Readonly<Record<string, Value>>;

/** A flow run as it is stored. Times are milliseconds since 1970. */
export interface FlowRun {
  readonly id: string;
  readonly name: string;
  /** The definition as it was when the flow run was made; later changes of its file are not for this one. */
  readonly definition: string;
  readonly plan: Plan;
  readonly status: FlowStatus;
  readonly createdAt: number;
  readonly endedAt: number | null;
}

/** A flow run without what is large. */
export interface FlowSummary extends Omit<FlowRun, "definition" | "plan"> {
  readonly steps: number;
  readonly done: number;
}

/** A step as it is stored: the engine's state, and what came of it. */
export interface StepRow {
  readonly step: string;
  readonly state: StepState;
  /** What is remembered under this is given to a locked step. */
  readonly mark: string;
  readonly outputs: Outputs | null;
  /** Why the last try failed, or why the step was skipped. */
  readonly error: string | null;
  /** The run of the contract that the last try made. */
  readonly runId: string | null;
  /** Nothing was made: it was there already, or locked. */
  readonly reused: "made before" | "locked" | null;
  /** Seconds of a model's time, of all tries. */
  readonly seconds: number | null;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

/** Who runs a flow run, and for how long it is believed without a sign of life. */
export interface Hold {
  readonly holder: string;
  /** Milliseconds from now, by the store's clock: those of several machines differ. */
  readonly left: number;
}

/** What somebody else wants of a flow run that is being run. */
export type Wish = "cancel" | "pause";

export interface Change {
  readonly status?: FlowStatus;
  readonly endedAt?: number | null;
  readonly steps?: readonly StepRow[];
}

/**
 * Flow runs and their steps. The rows are the only truth; every change is made by the one who holds the flow run. Any
 * adapter must pass `flow-store.contract.ts`.
 */
export interface FlowStore {
  create(flowRun: FlowRun): Promise<void>;
  get(id: string): Promise<FlowRun | undefined>;
  /** The latest first. */
  list(limit: number): Promise<FlowSummary[]>;
  steps(id: string): Promise<StepRow[]>;
  /** What is known of who runs it and what is wished; undefined if there is no such flow run. */
  hold(id: string): Promise<{ hold: Hold | null; wish: Wish | null } | undefined>;
  /** Takes a flow run, prolongs the hold or lets go of it, if the holder is who it was, or the new one already. */
  claim(id: string, was: string | null, hold: Hold | null): Promise<boolean>;
  /** Stores a change durably before it counts. False: somebody else holds the flow run, and nothing was changed. */
  record(id: string, holder: string, change: Change): Promise<boolean>;
  wish(id: string, wish: Wish | null): Promise<void>;
  /** Forgets what came of a flow run and what it was given. Its steps stay, without outputs. */
  forget(id: string): Promise<void>;
  remove(id: string): Promise<boolean>;
}

/** What was made before, in any flow run. */
export interface Memory {
  /** What came of the same work on the same bytes. */
  made(key: string): Promise<Outputs | undefined>;
  keep(key: string, flowRun: string, outputs: Outputs): Promise<void>;
  /** What a step of a flow of that name gave last. */
  locked(flow: string, mark: string): Promise<Outputs | undefined>;
  /** The contents that anything refers to, by their SHA-256. */
  used(): Promise<Set<string>>;
}

/** Bytes by their content. */
export interface Objects {
  /** Keeps bytes durably. Gives their SHA-256. */
  put(bytes: Uint8Array): Promise<string>;
  /** Undefined if they are not there. */
  read(sha256: string): Promise<Uint8Array | undefined>;
  has(sha256: string): Promise<boolean>;
  /** Where the bytes are, to be sent from there; undefined if they are not there. */
  file(sha256: string): Promise<string | undefined>;
  /** Removes one that is older than a time. False if it is younger, or not there. */
  remove(sha256: string, before: number): Promise<boolean>;
  /** Removes what is not in use and older than a time, in milliseconds since 1970. */
  sweep(used: ReadonlySet<string>, before: number): Promise<{ removed: number; bytes: number }>;
}
