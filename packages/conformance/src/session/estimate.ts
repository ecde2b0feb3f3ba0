import type { Measured } from "./budgets.ts";

/** How many runs a scenario takes about, before anything is known of it. */
const RUNS_A_SCENARIO = 3;

/**
 * How long a session still takes, learned from the scenarios behind it: those that share the target
 * with others are spread over the lanes, those that need it alone follow one another.
 */
export class Estimate {
  private readonly lanes: number;
  /** Of the scenarios that say themselves how long they take. */
  private known: number;
  private readonly left = { beside: 0, alone: 0 };
  private readonly behind = {
    beside: { count: 0, milliseconds: 0 },
    alone: { count: 0, milliseconds: 0 },
  };

  constructor(lanes: number, beside: number, alone: number, known = 0) {
    this.lanes = lanes;
    this.known = known;
    this.left.beside = beside;
    this.left.alone = alone;
  }

  ended(kind: "beside" | "alone", milliseconds: number): void {
    this.left[kind] -= 1;
    this.behind[kind].count += 1;
    this.behind[kind].milliseconds += milliseconds;
  }

  /** One that had said how long it takes has ended. */
  knownEnded(milliseconds: number): void {
    this.known -= milliseconds;
  }

  /** Milliseconds; a first guess comes from how long a plain run takes. */
  leftMs(measured: Measured | undefined): number {
    const guess = 500 + RUNS_A_SCENARIO * (measured?.run ?? 1_000);
    const each = (kind: "beside" | "alone") => {
      const { count, milliseconds } = this.behind[kind];
      // The guess counts like two scenarios, so that one odd scenario does not decide.
      return (milliseconds + 2 * guess) / (count + 2);
    };
    return Math.round(
      (this.left.beside * each("beside")) / this.lanes +
        this.left.alone * each("alone") +
        this.known,
    );
  }
}
