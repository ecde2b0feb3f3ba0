import type { Times } from "./times.ts";

/** Jobs that may be running in Modly although no run of ours follows them any more. */
export interface Strays {
  /** Given up on while Modly was away: to be stopped before the next submission. */
  readonly known: Set<string>;
  /** Until then (milliseconds since the epoch) a job without a known id may be running. */
  quietUntil: number;
}

/** Sends nothing for a while, because a job without a known id may have begun at `since`. */
export function keepQuiet(strays: Strays, since: number, { quiet }: Times): void {
  // A clock that was set back must not make the wait longer.
  const until = Math.min(since, Date.now()) + quiet;
  strays.quietUntil = Math.max(strays.quietUntil, until);
}
