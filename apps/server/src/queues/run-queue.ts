import type { Slot } from "../generators/generator.ts";

/** A run that waits for its turn. */
export interface QueuedRun {
  readonly runId: string;
  readonly slot: Slot;
}

/**
 * The order in which runs get their turn: first in, first out, for each slot. It holds no truth: at
 * start it is filled again from the store. Any adapter must pass `run-queue.contract.ts`.
 */
export interface RunQueue {
  /** Takes its place at the end, or with `first` before all that wait. */
  add(run: QueuedRun, options?: { first?: boolean }): Promise<void>;
  /** Gives its place up; false when it is not waiting (any more). */
  remove(runId: string): Promise<boolean>;
  /** How many wait before it for the same slot, or null when it does not wait. */
  position(runId: string): Promise<number | null>;
  /** How many wait in all. */
  size(): Promise<number>;
  /** Begins to hand runs out; a place of the slot is held until the handler has settled. */
  start(handler: (runId: string) => Promise<void>): void;
  /** Hands out no more, and resolves when the last handler has settled. */
  stop(): Promise<void>;
}
