import { CHECKS, type CheckId, type SetName } from "../requirements/index.ts";
import type { Outcome } from "../run.ts";
import type { TargetConfig } from "../target/config.ts";
import type { Status, Verdict } from "../verdict/verdict.ts";
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
  /** A command that shows it again. */
  readonly again?: string;
  /** Set where the baseline names this deviation: its reason. */
  readonly known?: string;
  /** Of a deviation: the whole exchanges that show it, and the lives of the runs they are about. */
  readonly shown?: Evidence;
};

/** How a session ends: the exit code of the command, and its meaning. */
export const VERDICTS = {
  0: "keeps the contract",
  1: "breaks the contract",
  2: "inconclusive",
  3: "could not be checked",
} as const;
export type ExitCode = keyof typeof VERDICTS;

/** Everything that a report says, in one object; the JSON report is this and nothing else. */
export type Result = {
  readonly schema: "modly-runs-conformance/1";
  readonly base_url: string;
  readonly profile: "strict" | "modly";
  readonly set: SetName | "all";
  readonly seed: number;
  readonly milliseconds: number;
  readonly exit_code: ExitCode;
  readonly verdict: (typeof VERDICTS)[ExitCode];
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
const NOT_EXECUTED: readonly Status[] = ["blocked", "n/a", "harness-error"];

/** Counts, verdict and exit code of an outcome. */
export function resultOf(outcome: Outcome, about: About): Result {
  const { target, set, allowBlocked = false, baseline } = about;
  const own = Object.keys(target.headers ?? {});
  const checks = outcome.verdicts.map((verdict) => {
    const check = reported(verdict, baseline?.known);
    const deviates = DEVIATES.includes(verdict.status) && verdict.exchanges !== undefined;
    return deviates
      ? {
          ...check,
          shown: evidenceOf(verdict.id, verdict.exchanges, outcome.exchanges, own),
        }
      : check;
  });
  const counts = countsOf(checks);
  const executed = checks.filter(({ status }) => !NOT_EXECUTED.includes(status)).length;
  const stale = baseline?.stale ?? [];
  const broken = checks.some(({ status, known }) => status === "fail" && known === undefined);
  const unsure = checks.some(({ status, level }) => status === "blocked" && level === "MUST");

  const exit_code: ExitCode =
    outcome.unreachable !== undefined || counts["harness-error"] > 0
      ? 3
      : broken || stale.length > 0
        ? 1
        : executed === 0 || (unsure && !allowBlocked)
          ? 2
          : 0;
  const result: Result = {
    schema: "modly-runs-conformance/1",
    base_url: target.base_url,
    profile: target.profile ?? "strict",
    set,
    seed: outcome.seed,
    milliseconds: outcome.milliseconds,
    exit_code,
    verdict: VERDICTS[exit_code],
    headline: `executed ${executed} of ${checks.length} declared, blocked ${counts.blocked}, n/a ${counts["n/a"]}`,
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

function reported(
  verdict: Verdict,
  known: ReadonlyMap<CheckId, string> | undefined,
): ReportedCheck {
  const { exchanges: _numbers, ...rest } = verdict;
  const { rule, why } = CHECKS[verdict.id];
  const reason = known?.get(verdict.id);
  const deviates = verdict.status === "fail" || verdict.status === "warn";
  return { ...rest, rule, why, ...(deviates && reason !== undefined ? { known: reason } : {}) };
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
