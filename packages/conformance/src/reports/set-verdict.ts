import { idsOf, REQUIREMENTS, type SetName } from "../requirements/index.ts";
import type { Status, Verdict } from "../verdict/verdict.ts";

/** What the exit codes of the command mean, in the words of each set. */
export const VERDICTS = {
  core: {
    0: "keeps the contract",
    1: "breaks the contract",
    2: "inconclusive",
    3: "could not be checked",
  },
  hardening: {
    0: "is fit to be trusted",
    1: "is not fit to be trusted",
    2: "inconclusive",
    3: "could not be checked",
  },
} as const satisfies Record<SetName, Record<number, string>>;

/** How a session ends. */
export type ExitCode = keyof (typeof VERDICTS)["core"];

/** What decides, of one check. */
export type Decided = Pick<Verdict, "id" | "status" | "level"> & { readonly known?: string };

/** The verdict on one requirement set. */
export type SetVerdict = {
  readonly set: SetName;
  readonly exit_code: ExitCode;
  readonly verdict: string;
  readonly headline: string;
};

const NOT_EXECUTED: readonly Status[] = ["blocked", "n/a", "harness-error"];

/** The checks of which anything was seen. */
export const executedOf = <T extends Decided>(checks: readonly T[]): readonly T[] =>
  checks.filter(({ status }) => !NOT_EXECUTED.includes(status));

function codeOf(checks: readonly Decided[], allowBlocked: boolean): ExitCode {
  if (checks.some(({ status }) => status === "harness-error")) return 3;
  if (checks.some(({ status, known }) => status === "fail" && known === undefined)) return 1;
  const unsure = checks.some(({ status, level }) => status === "blocked" && level === "MUST");
  return executedOf(checks).length === 0 || (unsure && !allowBlocked) ? 2 : 0;
}

/** How many of some checks were executed, in a line. */
export function headlineOf(checks: readonly Decided[]): string {
  const count = (status: Status) => checks.filter((check) => check.status === status).length;
  return `executed ${executedOf(checks).length} of ${checks.length} declared, blocked ${count("blocked")}, n/a ${count("n/a")}`;
}

/** A verdict for each set that some of the checks are of. */
export function setVerdicts(
  checks: readonly Decided[],
  { unreachable, allowBlocked }: { unreachable: boolean; allowBlocked: boolean },
): readonly SetVerdict[] {
  return (Object.keys(REQUIREMENTS) as SetName[]).flatMap((set) => {
    const own = checks.filter(({ id }) => idsOf(set).includes(id));
    if (own.length === 0) return [];
    const exit_code = unreachable ? 3 : codeOf(own, allowBlocked);
    return [{ set, exit_code, verdict: VERDICTS[set][exit_code], headline: headlineOf(own) }];
  });
}

/** The worst first: nothing outweighs a fault of the suite, and a fail outweighs a doubt. */
const WORST: readonly ExitCode[] = [3, 1, 2, 0];

/** The exit code of several sets together. Without any, nothing was tried. */
export function worstOf(codes: readonly ExitCode[]): ExitCode {
  return WORST.find((code) => codes.includes(code)) ?? 2;
}
