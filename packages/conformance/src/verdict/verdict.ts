import type { CheckId, Level } from "../requirements/index.ts";

/** What can be said of a check in the end. */
export type Status = "pass" | "fail" | "warn" | "note" | "blocked" | "n/a" | "harness-error";

/** One thing that was looked at. `ok` kept the rule; otherwise what was expected and what was seen. */
export type Finding = {
  readonly ok: boolean;
  readonly expected?: string;
  readonly observed?: string;
  /** Numbers of the exchanges that show it. */
  readonly exchanges?: readonly number[];
};

/** Why a check could not be tried, and what would change that. */
export type Obstacle = {
  readonly kind: "blocked" | "n/a" | "harness-error";
  readonly reason: string;
};

/** The outcome of one check. */
export type Verdict = {
  readonly id: CheckId;
  readonly level: Level;
  readonly status: Status;
  readonly title: string;
  /** How many things were looked at. */
  readonly evidence: number;
  readonly expected?: string;
  readonly observed?: string;
  /** blocked, n/a: why, and what would change it. */
  readonly reason?: string;
  /** A command that shows it again. */
  readonly again?: string;
  readonly exchanges?: readonly number[];
  /** Further deviations of the same check. */
  readonly others?: readonly Finding[];
};

/** What a broken row of each level is called. */
export const BROKEN = {
  MUST: "fail",
  SHOULD: "warn",
  MAY: "note",
} as const satisfies Record<Level, Status>;
