import type { Behaviour } from "./behaviour.ts";
import type { ReferenceTarget } from "./target.ts";

/** A server that is correct and odd. The suite must find nothing wrong with it. */
export interface Tolerance {
  name: string;
  /** What is odd, and why it is allowed. */
  why: string;
  /** The rule of the specification that allows it. */
  allows: string;
  overrides: Partial<Behaviour>;
  /** SHOULD checks that warn, and rightly: what they ask for is not a duty. */
  warns?: readonly string[];
  /** What the target's description says differently. */
  config?: Partial<ReferenceTarget>;
}
