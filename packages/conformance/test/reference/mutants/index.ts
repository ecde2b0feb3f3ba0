import { CANCEL_ANSWERS, CANCEL_EFFECTS } from "./cancel.ts";
import { CREATE_ANSWERS, CREATE_FIELDS } from "./create.ts";
import { FORMS } from "./forms.ts";
import { HARDENING_MUTANTS } from "./hardening.ts";
import { LATE } from "./late.ts";
import { LIVES } from "./life.ts";
import type { Mutant } from "./mutant.ts";
import { OUTPUTS } from "./output.ts";
import { PICTURES } from "./picture.ts";
import { PROMISES } from "./promises.ts";
import { READ_BODIES, READ_HTTP } from "./read.ts";
import { SECOND_MODEL } from "./second-model.ts";

/** Every wrong server. The rows are the proof that the checks bite. */
export const MUTANTS: readonly Mutant[] = [
  ...CREATE_ANSWERS,
  ...CREATE_FIELDS,
  ...FORMS,
  ...PICTURES,
  ...READ_BODIES,
  ...READ_HTTP,
  ...LIVES,
  ...LATE,
  ...CANCEL_ANSWERS,
  ...CANCEL_EFFECTS,
  ...OUTPUTS,
  ...PROMISES,
  ...SECOND_MODEL,
  ...HARDENING_MUTANTS,
];
