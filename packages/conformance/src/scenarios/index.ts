import { CANCELS_BESIDE } from "./cancel-beside.ts";
import { CANCEL_RACES } from "./cancel-races.ts";
import { CANCELS } from "./cancels.ts";
import { CREATE_ACCEPTS } from "./create-accepts.ts";
import { CREATE_CONSEQUENCES } from "./create-consequences.ts";
import { CREATE_REFUSES } from "./create-refuses.ts";
import { CREATE_FORMS } from "./create-forms.ts";
import { HARDENING } from "./hardening/index.ts";
import { LIVES } from "./lives.ts";
import { MISBEHAVING } from "./misbehaving.ts";
import { OUTPUTS } from "./outputs.ts";
import { PICTURES } from "./pictures.ts";
import { READS } from "./reads.ts";
import { ROUNDS } from "./rounds.ts";
import type { Scenario } from "./scenario.ts";
import { SECOND_MODEL } from "./second-model.ts";

/** Everything the suite does to a target, in the order it begins. */
export const SCENARIOS: readonly Scenario[] = [
  ...CREATE_ACCEPTS,
  ...CREATE_CONSEQUENCES,
  ...CREATE_FORMS,
  ...PICTURES,
  ...LIVES,
  ...CANCELS,
  ...CANCEL_RACES,
  ...CANCELS_BESIDE,
  ...OUTPUTS,
  ...MISBEHAVING,
  ...SECOND_MODEL,
  ...READS,
  ...CREATE_REFUSES,
  ...ROUNDS,
  ...HARDENING,
];
