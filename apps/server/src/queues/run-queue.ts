import type { Slot } from "../generators/generator.ts";

/** Names a run for the queue: a run waits in the line of its model. */
export interface RunKey {
  readonly runId: string;
  readonly modelId: string;
}

/** A run that waits for its turn. */
export interface QueuedRun extends RunKey {
  readonly slot: Slot;
}

/** A model that is worked on here, and the slot whose places its runs take. */
export interface WorkedModel {
  readonly modelId: string;
  readonly slot: Slot;
}

/**
 * The order in which runs get their turn: first in, first out, for each model at least. It holds no
 * truth and may lose what it has: it is filled again from the store. A run that waits already is not
 * added twice. Any adapter must pass `run-queue.contract.ts`.
 */
export interface RunQueue {
  /** Takes its place at the end, or with `first` before all that wait. */
  add(run: QueuedRun, options?: { first?: boolean }): Promise<void>;
  /** Gives its place up; false when it is not waiting (any more). */
  remove(run: RunKey): Promise<boolean>;
  /** How many wait before it in its line, or null when it does not wait. */
  position(run: RunKey): Promise<number | null>;
  /** How many wait in all. */
  size(): Promise<number>;
  /**
   * Begins to hand runs out; a place of the slot is held until the handler has settled.
   *
   * @param models which are worked on here, asked again and again. A queue of one process hands out
   *   whatever is added, and does not ask.
   */
  start(
    handler: (runId: string) => Promise<void>,
    models: () => Promise<readonly WorkedModel[]>,
  ): void;
  /** Hands out no more, and resolves when the last handler has settled. */
  stop(): Promise<void>;
  /** Lets go of what it holds on to, after `stop`. */
  close(): Promise<void>;
}
