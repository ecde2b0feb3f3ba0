/**
 * The order in which workflows get their turn. It holds no truth and may lose what it has: it is filled again from the
 * store, and a turn in which nothing is to be done does no harm. Any adapter must pass `turn-queue.contract.ts`.
 */
export interface TurnQueue {
  /** They take their places at the end, except those that wait already or are having their turn. */
  add(ids: readonly string[]): Promise<void>;
  /**
   * Begins to hand turns out.
   *
   * @param isLeft is asked when a turn is over and its place is free: one that is left takes a place again
   */
  start(take: (id: string) => Promise<void>, isLeft: (id: string) => Promise<boolean>): void;
  /** Hands out no more; turns that were begun go on. */
  pause(): Promise<void>;
  /** Resolves when the last turn is over, and lets go of what it holds on to. */
  close(): Promise<void>;
}
