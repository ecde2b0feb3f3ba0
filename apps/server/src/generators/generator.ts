import type { ParamSpec } from "@modly-runs/contract/companion";

/** What a caller may know of a model before running it. */
export interface ModelDescriptor {
  /** `{extension}/{node}`, for example `builtin/inflate`. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly params_schema: readonly ParamSpec[];
  /** True: an undeclared parameter is a mistake. False: it is passed through. */
  readonly knowsAllParams: boolean;
  readonly tags?: readonly string[];
  readonly vram_gb?: number | null;
  readonly hf_repo?: string | null;
  readonly downloaded?: boolean;
  readonly loaded?: boolean;
  /** A person has chosen it in the back end. */
  readonly active?: boolean;
}

/** Runs of generators that share a slot's name share its places. */
export interface Slot {
  readonly name: string;
  /** How many runs may hold the slot at once. */
  readonly places: number;
  /** How long an aborted generator may hold its place without settling, ms (default 10,000). */
  readonly graceMs?: number;
}

export interface GenerateInput {
  readonly runId: string;
  /** Absolute path of the picture, checked, as it was uploaded. */
  readonly imagePath: string;
  /** Checked against `params_schema`, its defaults filled in. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly collection: string;
  /** A private, empty directory: everything the run writes goes here, and it is removed afterwards. */
  readonly workDir: string;
  /** What `remember` stored in an earlier attempt, null on the first. */
  readonly remembered: string | null;
}

/**
 * Why a run is stopped. On `stop` the server goes away and the run is taken up again later, so work
 * that lives elsewhere goes on.
 */
export type AbortReason = "cancel" | "watchdog" | "stop";

export interface GenerateContext {
  /**
   * Aborted when the work must end; its `reason` is an `AbortReason`. Settle once it has ended: the
   * slot is held until then. How it settles does not matter any more.
   */
  readonly signal: AbortSignal;
  /** Any number will do: the caller clamps, rounds and holds what falls. `percent` is 0..100. */
  onProgress(percent: number, step: string): void;
  /** Stores a handle on work that lives elsewhere, so that a restart can take it up again. The last one counts. */
  remember(handle: string): Promise<void>;
}

export type GenerateResult =
  | {
      readonly ok: true;
      /** Absolute path of the mesh, a file inside `workDir`. */
      readonly file: string;
      /** Begins the published file's name; the run's id follows. */
      readonly stem?: string;
      /** A path relative to the workspace that must be kept as it is, in place of `stem`. */
      readonly workspacePath?: string;
    }
  | {
      readonly ok: false;
      /** One readable sentence: what was wrong and what to do. No path, no stack. */
      readonly error: string;
    };

/** Turns one picture into one mesh. Expected failures are results; a rejection is a fault and is logged. */
export interface Generator {
  readonly descriptor: ModelDescriptor;
  readonly slot: Slot;
  generate(input: GenerateInput, context: GenerateContext): Promise<GenerateResult>;
  /**
   * Ends the work elsewhere that an ended run left behind, for example when a kill came between the
   * answer to a cancel and the stop. True when nothing is left of it, false when it has to be tried again.
   */
  abandon?(handle: string): Promise<boolean>;
}

/** Something of a back end that can't be used. */
export interface SourceFault {
  /** What it is, by a name that tells no path. */
  readonly extension: string;
  /** One sentence: what is wrong and what to do. */
  readonly problem: string;
}

/** A back end: the generators it offers now, and those it could still finish. */
export interface GeneratorSource {
  /** What can be chosen now. */
  list(): Promise<readonly Generator[]>;
  /** Also finds a model that is away for the moment, so that runs queued for it are not lost. */
  find(modelId: string): Promise<Generator | undefined>;
  /** What is there and can't be used, and why. */
  faults?(): Promise<readonly SourceFault[]>;
  /** Ends every process and timer the source started. */
  close(): Promise<void>;
}
