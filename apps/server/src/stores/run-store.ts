import type { RunStatus } from "@modly-runs/contract";

/** A run as it is kept: the row is the only truth. Times are milliseconds since 1970. */
export interface RunRow {
  readonly runId: string;
  readonly modelId: string;
  readonly collection: string;
  /** Key of the uploaded picture, null once the run has ended and the picture is gone. */
  readonly upload: string | null;
  readonly status: RunStatus;
  /** 0..100, whole, never falls. */
  readonly progress: number;
  readonly step: string | null;
  readonly error: string | null;
  /** Where the mesh is, below the workspace. Set before the file is put there, so that a crash leaves no orphan. */
  readonly workspacePath: string | null;
  /** SHA-256 of the mesh that was to be put there, hex; a file there with another one is not this run's. */
  readonly meshSha256: string | null;
  /** Its size, bytes. */
  readonly meshBytes: number | null;
  /** False when the same file was there before this run: it is somebody else's to remove. */
  readonly meshIsOurs: boolean;
  /** What the generator wants to know after a restart. */
  readonly handle: string | null;
  /** The process whose generator is at it, or that has yet to clear up behind it; null for none. */
  readonly owner: string | null;
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
export type NewRun = Pick<RunRow, "runId" | "modelId" | "collection" | "createdAt"> & {
  readonly upload: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly idempotency: Idempotency | null;
};

/** What may change in a run's life. */
export type RunChange = Partial<
  Pick<
    RunRow,
    | "status"
    | "progress"
    | "step"
    | "error"
    | "workspacePath"
    | "meshSha256"
    | "meshBytes"
    | "meshIsOurs"
    | "handle"
    | "owner"
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

/**
 * Which rows `list` gives: those still to be worked on, those of them that a generator has begun on,
 * or ended ones that left something behind (where others work too, also those that have an owner).
 */
export type RowSelection = "active" | "running" | "unsettled";

/** How many active runs of a model have a status. */
export interface ActiveCount {
  readonly status: RunStatus;
  readonly modelId: string;
  readonly runs: number;
}

/** An ended run as retention sees it. */
export interface EndedRun {
  readonly runId: string;
  readonly finishedAt: number;
  /** Orders those that ended in the same millisecond. */
  readonly place: number;
  /** Its mesh, when it is the run's own to remove. */
  readonly meshPath: string | null;
  readonly meshSha256: string | null;
  readonly meshBytes: number;
}

/**
 * Where runs are kept. Any adapter must pass `run-store.contract.ts`.
 *
 * A create and an end survive a power cut; other changes survive at least the death of the process.
 */
export interface RunStore {
  /** Admits the run or not, in one transaction: at most `maxPending` runs wait, one run a key. */
  create(run: NewRun, maxPending: number): Promise<CreateOutcome>;
  get(runId: string): Promise<RunRow | undefined>;
  /** What the run was created with: read by its generator alone, so no row carries it. */
  paramsOf(runId: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** The run a key stands for, with the digest it was made from. */
  findByKey(key: string): Promise<{ runId: string; digest: string } | undefined>;
  /**
   * Compare-and-set: changes the row only if it still has the status, the revision, the owner and the
   * attempts of `seen`. Gives the row as it is then, or undefined when somebody else was first.
   */
  change(seen: RunRow, change: RunChange): Promise<RunRow | undefined>;
  /** Oldest first. */
  list(selection: RowSelection): Promise<RunRow[]>;
  countActive(): Promise<ActiveCount[]>;
  readonly retirement: RetirementStore;
  /** True when other processes may write to it too. */
  readonly isShared: boolean;
  /**
   * Tells, from now on, of changes of the run that other processes made, until it is called off. Some
   * may be told together, as the last of them. Where there are no others it never tells.
   */
  watch(runId: string, listener: (row: RunRow) => void): () => void;
  /** Why it can't be written any more (its file is gone), or undefined while it can. */
  fault(): Promise<string | undefined>;
  /** Resolves when it can't be written any more in this process, whatever happens; never otherwise. */
  readonly lost: Promise<Error>;
  close(): Promise<void>;
}

/**
 * How ended runs leave the store. A run goes first, with its key, in one transaction that notes its
 * mesh; the mesh second. So a crash in between leaves a note that the next start finds.
 */
export interface RetirementStore {
  /** Ended runs, oldest end first, from just behind `after`. */
  oldest(limit: number, after?: EndedRun): Promise<EndedRun[]>;
  /** Bytes of all meshes that ended runs keep and that are theirs to remove. */
  keptBytes(): Promise<number>;
  /** Takes an ended run out; false when it is not there or has not ended. */
  retire(runId: string, now: number): Promise<boolean>;
  /** Retired runs whose mesh may still be there. */
  unremoved(): Promise<EndedRun[]>;
  /** Notes that the mesh of a retired run is gone. */
  removed(runId: string): Promise<void>;
  /** True for the runs retired last, 100,000 at least. */
  isRetired(runId: string): Promise<boolean>;
}
