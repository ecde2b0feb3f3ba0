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

/** A number, or `auto`: as the target's own pace asks for. */
export type TimeScale = number | "auto";

/** With `auto`: how long a first run may take that still moves. */
export const FIRST_AUTO_RUN_MS = 60 * 60_000;

/** What a slow model, or a slow way to it, multiplies the fixed times by: 1 to 6. */
export function autoScale(measured: Measured | undefined): number {
  if (measured === undefined) return 1;
  return clamp(Math.max(measured.rtt / 100, measured.run / 20_000), 1, 6);
}

/** Budgets from what was measured; generous upwards, so that a busy machine does not fail a good server. */
export function budgetsOf(measured: Measured | undefined, timeScale: TimeScale): Budgets {
  const auto = timeScale === "auto";
  const scale = auto ? autoScale(measured) : timeScale;
  const runs = auto ? 1 : timeScale;
  const run = measured?.run ?? FIRST_RUN_MS / 20;
  return {
    answer: clamp(100 * (measured?.rtt ?? 100), 8_000, 30_000) * scale,
    // Twenty runs are time enough at any pace; only the fixed part grows with a slow target.
    end: Math.max(8_000 * scale, 20 * run * runs),
    cancel: Math.max(5_000 * scale, 5 * run * runs),
    stable: clamp(2 * run, 250, 3_000),
    poll: clamp(run / 12, 5, 500),
  };
}
