import { CANCELS } from "./cancels.ts";
import { CREATE_ACCEPTS } from "./create-accepts.ts";
import { CREATE_REFUSES } from "./create-refuses.ts";
import { LIVES } from "./lives.ts";
import { OUTPUTS } from "./outputs.ts";
import { READS } from "./reads.ts";
import type { Scenario } from "./scenario.ts";

/** Everything the suite does to a target, in the order it begins. */
export const SCENARIOS: readonly Scenario[] = [
  ...CREATE_ACCEPTS,
  ...LIVES,
  ...CANCELS,
  ...OUTPUTS,
  ...READS,
  ...CREATE_REFUSES,
];
