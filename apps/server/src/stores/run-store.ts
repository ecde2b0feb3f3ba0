import type { RunStatus } from "@modly-runs/contract";

/** A run as it is kept: the row is the only truth. Times are milliseconds since 1970. */
export interface RunRow {
  readonly runId: string;
  readonly modelId: string;
  readonly collection: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Key of the uploaded picture, null once the run has ended and the picture is gone. */
  readonly upload: string | null;
  readonly status: RunStatus;
  /** 0..100, whole, never falls. */
  readonly progress: number;
  readonly step: string | null;
  readonly error: string | null;
  /** Where the mesh is, below the workspace. Set before the file is put there, so that a crash leaves no orphan. */
  readonly workspacePath: string | null;
  /** What the generator wants to know after a restart. */
  readonly handle: string | null;
  /** How often a generator has begun on it. */
  readonly attempts: number;
  /** Rises by one with every stored change of an active run, then stays: nothing that shows changes any more. */
  readonly revision: number;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
}

/** A client's promise that two creates are one: the key, and a digest of what was asked. */
export interface Idempotency {
  readonly key: string;
  readonly digest: string;
}

/** A run that does not exist yet. */
export type NewRun = Pick<
  RunRow,
  "runId" | "modelId" | "collection" | "params" | "upload" | "createdAt"
> & { readonly upload: string; readonly idempotency: Idempotency | null };

/** What may change in a run's life. */
export type RunChange = Partial<
  Pick<
    RunRow,
    | "status"
    | "progress"
    | "step"
    | "error"
    | "workspacePath"
    | "handle"
    | "attempts"
    | "startedAt"
    | "finishedAt"
    | "upload"
  >
>;

export type CreateOutcome =
  | { readonly kind: "created"; readonly row: RunRow }
  | { readonly kind: "repeated"; readonly runId: string }
  | { readonly kind: "mismatch" }
  | { readonly kind: "full" };

/** Which rows `list` gives: those still to be worked on, or ended ones that left something behind. */
export type RowSelection = "active" | "unsettled";

/**
 * Where runs are kept. Any adapter must pass `run-store.contract.ts`.
 *
 * A create and an end survive a power cut; other changes survive at least the death of the process.
 */
export interface RunStore {
  /** Admits the run or not, in one transaction: at most `maxPending` runs wait, one run a key. */
  create(run: NewRun, maxPending: number): Promise<CreateOutcome>;
  get(runId: string): Promise<RunRow | undefined>;
  /** The run a key stands for, with the digest it was made from. */
  findByKey(key: string): Promise<{ runId: string; digest: string } | undefined>;
  /**
   * Compare-and-set: changes the row only if it still has the status and the revision of `seen`.
   * Gives the row as it is then, or undefined when somebody else was first.
   */
  change(seen: RunRow, change: RunChange): Promise<RunRow | undefined>;
  /** Oldest first. */
  list(selection: RowSelection): Promise<RunRow[]>;
  close(): Promise<void>;
}
