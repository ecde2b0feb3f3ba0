/** What the calibration measured, in milliseconds. */
export type Measured = {
  /** A read's usual time. */
  readonly rtt: number;
  /** A whole run of `succeeds`, from the create to the end. */
  readonly run: number;
};

/** Times that the suite allows, in milliseconds. */
export type Budgets = {
  /** Any single answer. */
  readonly answer: number;
  /** A run, from its create to its end, with others beside it. */
  readonly end: number;
  /** From a cancel's answer to the end of the run. */
  readonly cancel: number;
  /** For how long an ended run is watched. */
  readonly stable: number;
  /** Between two polls. */
  readonly poll: number;
};

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

/** Before anything is known: enough for a model that has to load. */
export const FIRST_RUN_MS = 60_000;

/** Budgets from what was measured; generous upwards, so that a busy machine does not fail a good server. */
export function budgetsOf(measured: Measured | undefined, scale: number): Budgets {
  const run = measured?.run ?? FIRST_RUN_MS / 20;
  return {
    answer: clamp(100 * (measured?.rtt ?? 100), 8_000, 30_000) * scale,
    end: Math.max(8_000, 20 * run) * scale,
    cancel: Math.max(5_000, 5 * run) * scale,
    stable: clamp(2 * run, 250, 3_000),
    poll: clamp(run / 12, 5, 500),
  };
}
