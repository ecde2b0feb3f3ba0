import { CANCEL } from "./cancel.ts";
import { CREATE } from "./create.ts";
import { GENERATED } from "./generated.ts";
import { LIFE } from "./life.ts";
import { LOAD } from "./load.ts";
import { OUTPUT } from "./output.ts";
import { READ } from "./read.ts";
import type { Row } from "./row.ts";
import { SECURITY } from "./security.ts";
import { WIRE } from "./wire.ts";

export type { Level, Row } from "./row.ts";

/** Does it keep the contract? Decides the verdict. Frozen for 1.0: an id is never used again. */
const core = { ...CREATE, ...READ, ...LIFE, ...CANCEL, ...OUTPUT, ...WIRE } as const;

/** Is it fit to be trusted? Opt-in, with a verdict of its own. Frozen for 1.0 too. */
const hardening = { ...SECURITY, ...LOAD, ...GENERATED } as const;

/** The requirement sets by name. Each has a verdict of its own. */
export const REQUIREMENTS = {
  core,
  hardening,
} as const satisfies Record<string, Record<string, Row>>;

/** Name of a requirement set. */
export type SetName = keyof typeof REQUIREMENTS;

/** Id of a check. */
export type CheckId = keyof typeof core | keyof typeof hardening;

/** Rows of the plan that are no checks, and why. */
export const DROPPED = {
  "WIRE-02":
    "It is about the suite (it sent something else than it meant), so no server can break it. It is the status harness-error, with exit code 3.",
  "MOD-05":
    "It is about the suite (--replay gives the same programs again), so no server can break it. A test of the suite holds it.",
} as const;

/** Every check there is, in the order of the reports. */
export const CHECKS: Readonly<Record<CheckId, Row>> = { ...core, ...hardening };

/** The ids of every check there is, in the order of the reports. */
export const CHECK_IDS = Object.keys(CHECKS) as readonly CheckId[];

/** True for the id of a check. */
export function isCheckId(value: string): value is CheckId {
  return Object.hasOwn(CHECKS, value);
}

/** The checks that hold a rule of the specification, by its id, such as R-C1; none if there is no such rule. */
export function checksOf(rule: string): readonly CheckId[] {
  return CHECK_IDS.filter((id) => CHECKS[id].of.includes(rule));
}

/** The ids of a set, or of all of them. */
export function idsOf(set: SetName | "all"): readonly CheckId[] {
  const names = set === "all" ? (Object.keys(REQUIREMENTS) as SetName[]) : [set];
  return names.flatMap((name) => Object.keys(REQUIREMENTS[name])).filter(isCheckId);
}
