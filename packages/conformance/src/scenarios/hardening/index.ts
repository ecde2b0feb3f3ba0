import type { Scenario } from "../scenario.ts";
import { FUZZ } from "./fuzz.ts";
import { LOADS } from "./load.ts";
import { PROGRAM_SCENARIOS } from "./programs.ts";
import { STRANGERS } from "./strangers.ts";
import { TRAVERSAL } from "./traversal.ts";
import { UPLOADS } from "./uploads.ts";

/** What the set `hardening` does to a target; what answers gave away is looked at in the end. */
export const HARDENING: readonly Scenario[] = [
  ...TRAVERSAL,
  ...UPLOADS,
  ...LOADS,
  ...PROGRAM_SCENARIOS,
  ...FUZZ,
  ...STRANGERS,
];
