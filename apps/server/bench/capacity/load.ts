import type { Load } from "./simulate.ts";

/** A day of runs, as the simulation takes it. */
export interface Day {
  readonly runs: number;
  /** How much busier the busiest hour is than the mean; 1: all hours alike. */
  readonly peak: number;
  /** Mean time of work of one run, ms, and how far runs differ: standard deviation by mean. */
  readonly workMs: number;
  readonly spread: number;
}

export const DAY_MS = 24 * 3_600_000;

const exponential = (random: () => number) => -Math.log(1 - random());

/** A standard normal number (Box and Muller). */
const normal = (random: () => number) =>
  Math.sqrt(2 * exponential(random)) * Math.cos(2 * Math.PI * random());

/** Times of work, lognormal: many short runs, a few long ones. */
function workOf({ workMs, spread }: Day, random: () => number): number {
  const variance = Math.log(1 + spread ** 2);
  return Math.exp(Math.log(workMs) - variance / 2 + Math.sqrt(variance) * normal(random));
}

/** Runs that come independently of each other, more of them by day than by night (a wave of one day). */
export function loadOf(day: Day, random: () => number): Load {
  const { runs, peak } = day;
  const arrivals: number[] = [];
  // Thinning: as many candidates as in the busiest hour, of which the wave lets some pass.
  for (let at = 0; ;) {
    at += (exponential(random) * DAY_MS) / (runs * peak);
    if (at >= DAY_MS) break;
    const rate = 1 - (peak - 1) * Math.cos((2 * Math.PI * at) / DAY_MS);
    if (random() * peak < rate) arrivals.push(at);
  }
  return { arrivals, workMs: arrivals.map(() => workOf(day, random)) };
}
