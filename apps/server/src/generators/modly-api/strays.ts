import type { Times } from "./times.ts";

/** Jobs that may be running in Modly although no run of ours follows them any more. */
export interface Strays {
  /** Given up on while Modly was away: to be stopped before the next submission. */
  readonly known: Set<string>;
  /**
   * Models whose process a cancel of ours has killed. Modly 0.3.6 may hand a later job for them what the
   * killed process had still said, also after one that went well.
   */
  readonly shaken: Set<string>;
  /** Until then (on the clock of `performance.now`) a job without a known id may be running. */
  quietUntil: number;
}

/** Sends nothing for a while, because a job without a known id may have begun at `since`. */
export function keepQuiet(strays: Strays, since: number, { quiet }: Times): void {
  // A clock that is set back, before or during the wait, must not make it longer.
  const left = Math.min(quiet, since + quiet - Date.now());
  strays.quietUntil = Math.max(strays.quietUntil, performance.now() + left);
}
