import type { CheckId } from "../requirements/index.ts";
import type { SituationName } from "../target/config.ts";
import type { Pace } from "../session/estimate.ts";
import type { Bench } from "./bench.ts";

/** A few real exchanges that produce the evidence for one check or for several. */
export type Scenario = {
  readonly name: string;
  /** The checks that are judged here. Each check has exactly one home. */
  readonly feeds: readonly CheckId[];
  /** Checks on all histories that learn something here; asking for one of them runs this too. */
  readonly shows?: readonly CheckId[];
  readonly needs?: readonly SituationName[];
  /** No other scenario runs beside it: it measures time, or it fills the queue. */
  readonly alone?: boolean;
  /** Played only where the target is looked at thoroughly. */
  readonly thorough?: boolean;
  /** Milliseconds that it takes about, where it is far longer than others. */
  readonly lasts?: (pace: Pace) => number;
  /** Runs may meet or miss each other here: one try that finds nothing says little of a server in doubt. */
  readonly race?: boolean;
  readonly run: (t: Bench) => Promise<void>;
};
