import type { Measured } from "./budgets.ts";
import type { Session } from "./session.ts";

/** How many runs a scenario takes about, before anything is known of it. */
const RUNS_A_SCENARIO = 3;

/**
 * How long a session still takes, learned from the scenarios behind it: those that share the target
 * with others are spread over the lanes, those that need it alone follow one another.
 */
export class Estimate {
  private readonly lanes: number;
  private readonly left = { beside: 0, alone: 0 };
  private readonly behind = {
    beside: { count: 0, milliseconds: 0 },
    alone: { count: 0, milliseconds: 0 },
  };

  constructor(lanes: number, beside: number, alone: number) {
    this.lanes = lanes;
    this.left.beside = beside;
    this.left.alone = alone;
  }

  ended(kind: "beside" | "alone", milliseconds: number): void {
    this.left[kind] -= 1;
    this.behind[kind].count += 1;
    this.behind[kind].milliseconds += milliseconds;
  }

  /**
   * Milliseconds; a first guess comes from how long a plain run takes. `known`: of the scenarios that say
   * themselves how long they take, which are not counted here.
   */
  leftMs(measured: Measured | undefined, known = 0): number {
    const guess = 500 + RUNS_A_SCENARIO * (measured?.run ?? 1_000);
    const each = (kind: "beside" | "alone") => {
      const { count, milliseconds } = this.behind[kind];
      // The guess counts like two scenarios, so that one odd scenario does not decide.
      return (milliseconds + 2 * guess) / (count + 2);
    };
    return Math.round(
      (this.left.beside * each("beside")) / this.lanes + this.left.alone * each("alone") + known,
    );
  }
}

/** How long runs last, in milliseconds, and how many are known to be at work at once. */
export type Pace = { readonly run: number; readonly long: number; readonly places: number };

/** This share of a scenario is left for as long as it goes on. */
const LEAST_LEFT = 0.1;

type Known = Pick<Session, "measured" | "longMs" | "places">;
type Long = { readonly name: string; readonly lasts?: (pace: Pace) => number };

/** The scenarios that say themselves how long they take, by what is known of the target at each moment. */
export class LongOnes {
  private readonly known: Known;
  private readonly waiting: Set<Long>;
  private readonly began = new Map<Long, number>();

  constructor(known: Known, scenarios: readonly Long[]) {
    this.known = known;
    this.waiting = new Set(scenarios.filter(({ lasts }) => lasts));
  }

  begins(scenario: Long): void {
    this.began.set(scenario, performance.now());
  }

  ended(scenario: Long): void {
    this.waiting.delete(scenario);
  }

  /** Milliseconds. */
  leftMs(): number {
    const run = this.known.measured?.run ?? 0;
    const pace = { run, long: this.known.longMs ?? run, places: this.known.places ?? Infinity };
    const now = performance.now();
    let left = 0;
    for (const scenario of this.waiting) {
      const whole = scenario.lasts?.(pace) ?? 0;
      const behind = now - (this.began.get(scenario) ?? now);
      // What lasts longer than was said may do so for a while.
      left += Math.max(whole * LEAST_LEFT, whole - behind);
    }
    return left;
  }
}
