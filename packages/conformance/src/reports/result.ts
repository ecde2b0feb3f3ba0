import { CHECKS, type CheckId, type SetName } from "../requirements/index.ts";
import type { Outcome } from "../run.ts";
import type { TargetConfig } from "../target/config.ts";
import type { Exchange } from "../wire/exchange.ts";
import type { Status, Verdict } from "../verdict/verdict.ts";
import {
  type ExitCode,
  executedOf,
  headlineOf,
  type SetVerdict,
  setVerdicts,
  VERDICTS,
  worstOf,
} from "./set-verdict.ts";
import { type Evidence, evidenceOf } from "./evidence.ts";

/** What the outcome does not know itself: which target, which choices, which deviations are known. */
export type About = {
  readonly target: TargetConfig;
  readonly set: SetName | "all";
  /** Blocked checks were said to be no obstacle; every report shows it. */
  readonly allowBlocked?: boolean;
  readonly baseline?: {
    /** Known deviations and the reason given for each. */
    readonly known: ReadonlyMap<CheckId, string>;
    /** Entries that are no deviation any more, or no check at all. */
    readonly stale: readonly string[];
  };
};

/** One row of every report. */
export type ReportedCheck = Pick<Verdict, "id" | "level" | "status" | "title" | "evidence"> & {
  readonly rule: string;
  readonly why: string;
  readonly expected?: string;
  readonly observed?: string;
  /** blocked, n/a: why, and what would change it. */
  readonly reason?: string;
  /** Where else it was broken, a line each; the same in the same scenario is told once. */
  readonly also?: readonly string[];
  /** A command that shows it again. */
  readonly again?: string;
  /** Set where the baseline names this deviation: its reason. */
  readonly known?: string;
  /** Of a deviation: the whole exchanges that show it, and the lives of the runs they are about. */
  readonly shown?: Evidence;
};

/** Everything that a report says, in one object; the JSON report is this and nothing else. */
export type Result = {
  readonly schema: "modly-runs-conformance/1";
  readonly base_url: string;
  readonly profile: "strict" | "modly";
  readonly set: SetName | "all";
  readonly seed: number;
  readonly milliseconds: number;
  readonly exit_code: ExitCode;
  /** What the exit code means, of each set that was asked for. */
  readonly verdict: string;
  /** Each requirement set has a verdict of its own; the exit code is the worst of them. */
  readonly sets: readonly SetVerdict[];
  readonly headline: string;
  readonly unreachable?: string;
  readonly allow_blocked: boolean;
  readonly declared: number;
  readonly executed: number;
  readonly counts: Readonly<Record<Status, number>>;
  readonly stale: readonly string[];
  readonly situations: Readonly<Record<string, string>>;
  readonly checks: readonly ReportedCheck[];
};

const DEVIATES: readonly Status[] = ["fail", "warn", "note"];

/** Counts, verdict and exit code of an outcome. */
export function resultOf(outcome: Outcome, about: About): Result {
  const { target, set, allowBlocked = false, baseline } = about;
  const own = Object.keys(target.headers ?? {});
  const checks = outcome.verdicts.map((verdict) => {
    const check = reported(verdict, baseline?.known, outcome.exchanges);
    const deviates = DEVIATES.includes(verdict.status) && verdict.exchanges !== undefined;
    return deviates
      ? {
          ...check,
          shown: evidenceOf(verdict.exchanges, outcome.exchanges, own),
        }
      : check;
  });
  const counts = countsOf(checks);
  const executed = executedOf(checks).length;
  const stale = baseline?.stale ?? [];
  const unreachable = outcome.unreachable !== undefined;
  const sets = setVerdicts(checks, { unreachable, allowBlocked });
  const worst = unreachable ? 3 : worstOf(sets.map((one) => one.exit_code));
  const exit_code = stale.length > 0 && worst !== 3 ? 1 : worst;
  const words = sets.map((one) =>
    one.exit_code === exit_code || sets.length > 1 ? one.verdict : VERDICTS[one.set][exit_code],
  );
  const result: Result = {
    schema: "modly-runs-conformance/1",
    base_url: target.base_url,
    profile: target.profile ?? "strict",
    set,
    seed: outcome.seed,
    milliseconds: outcome.milliseconds,
    exit_code,
    verdict: [...new Set(words)].join(", ") || VERDICTS.core[exit_code],
    sets,
    headline: headlineOf(checks),
    ...(outcome.unreachable === undefined ? {} : { unreachable: outcome.unreachable }),
    allow_blocked: allowBlocked,
    declared: checks.length,
    executed,
    counts,
    stale,
    situations: outcome.situations,
    checks,
  };
  return withoutSecrets(result, Object.values(target.headers ?? {}));
}

/** What the configuration sends as headers may be a token, and a server may say it back. */
function withoutSecrets(result: Result, values: readonly string[]): Result {
  const secrets = values
    .flatMap((value) => [value, value.replace(/^\S+\s+/, "")])
    .filter((value) => value.length >= 6);
  if (secrets.length === 0) return result;
  const hide = (text: string) =>
    secrets.reduce((rest, secret) => rest.replaceAll(secret, "(hidden)"), text);
  return JSON.parse(JSON.stringify(result), (_key, value: unknown) =>
    typeof value === "string" ? hide(value) : value,
  ) as Result;
}

/** More lines than these say no more than their number does. */
const MOST_OTHERS = 4;

/** The further deviations of a check: one line for each scenario and each kind of answer. */
function alsoOf(
  { exchanges: first = [], others = [] }: Verdict,
  all: readonly Exchange[],
): readonly string[] {
  const kindOf = (numbers: readonly number[]) => {
    const at = all[(numbers.at(-1) ?? 0) - 1];
    return at && { at, kind: `${at.scenario} ${at.meaning.act} ${at.response?.status}` };
  };
  const told = new Set([kindOf(first)?.kind]);
  const lines = others.flatMap(({ exchanges = [], observed = "" }) => {
    const found = kindOf(exchanges);
    if (found === undefined || told.has(found.kind)) return [];
    told.add(found.kind);
    const { request, scenario } = found.at;
    const seen = observed.length > 160 ? `${observed.slice(0, 160)}...` : observed;
    return [`${request.method} ${request.path.slice(0, 80)} ("${scenario}"): ${seen}`];
  });
  const rest = lines.length - MOST_OTHERS;
  return rest > 0 ? [...lines.slice(0, MOST_OTHERS), `and ${rest} more`] : lines;
}

function reported(
  verdict: Verdict,
  known: ReadonlyMap<CheckId, string> | undefined,
  all: readonly Exchange[],
): ReportedCheck {
  const { exchanges: _numbers, others: _others, ...rest } = verdict;
  const { rule, why } = CHECKS[verdict.id];
  const reason = known?.get(verdict.id);
  const deviates = verdict.status === "fail" || verdict.status === "warn";
  const also = alsoOf(verdict, all);
  return {
    ...rest,
    rule,
    why,
    ...(also.length > 0 ? { also } : {}),
    ...(deviates && reason !== undefined ? { known: reason } : {}),
  };
}

function countsOf(checks: readonly ReportedCheck[]): Record<Status, number> {
  const counts: Record<Status, number> = {
    pass: 0,
    fail: 0,
    warn: 0,
    note: 0,
    blocked: 0,
    "n/a": 0,
    "harness-error": 0,
  };
  for (const { status } of checks) counts[status] += 1;
  return counts;
}

/** The checks of one status, in the order of the requirement set. */
export function checksOf(result: Result, status: Status): readonly ReportedCheck[] {
  return result.checks.filter((check) => check.status === status);
}

/** Checks that have the same reason, under it: one missing recipe blocks many. */
export function byReason(checks: readonly ReportedCheck[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const { id, reason = "no reason was given" } of checks) {
    groups.set(reason, [...(groups.get(reason) ?? []), id]);
  }
  return groups;
}

/** The counts in a few words: what is not zero. */
export function tally({ counts }: Result): string {
  const words = Object.entries(counts).filter(([, count]) => count > 0);
  return words.map(([status, count]) => `${count} ${status}`).join(", ") || "no checks";
}
