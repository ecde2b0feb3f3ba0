import type { ReportedCheck, Result } from "./result.ts";

/** What a change did to the verdicts of two reports of the same server. */
export type Comparison = {
  readonly mends: readonly ReportedCheck[];
  readonly breaks: readonly ReportedCheck[];
  /** Broken before and after. */
  readonly stays: readonly ReportedCheck[];
  /** Judged before, and could not be tried any more, or the other way round. */
  readonly lost: readonly ReportedCheck[];
  readonly gained: readonly ReportedCheck[];
};

const isBroken = (check?: ReportedCheck) => check?.status === "fail" || check?.status === "warn";
const isJudged = (check?: ReportedCheck) =>
  check !== undefined && ["pass", "note", "fail", "warn"].includes(check.status);

/** Holds the report of a change against the one before it, check by check. */
export function compare(base: Result, head: Result): Comparison {
  const before = new Map(base.checks.map((check) => [check.id, check]));
  const pairs = head.checks.map((check) => ({ check, old: before.get(check.id) }));
  const pick = (is: (pair: (typeof pairs)[number]) => boolean) =>
    pairs.filter(is).map(({ check }) => check);
  return {
    mends: pick(({ check, old }) => isBroken(old) && isJudged(check) && !isBroken(check)),
    breaks: pick(({ check, old }) => isBroken(check) && !isBroken(old)),
    stays: pick(({ check, old }) => isBroken(check) && isBroken(old)),
    lost: pick(({ check, old }) => isJudged(old) && !isJudged(check)),
    gained: pick(({ check, old }) => !isJudged(old) && isJudged(check) && !isBroken(check)),
  };
}

/** True if the change breaks a MUST that was not broken before, or hides one that was judged. */
export function isWorse({ breaks, lost }: Comparison): boolean {
  return [...breaks, ...lost].some(({ level }) => level === "MUST");
}

/** A comparison for programs: the ids of what changed. */
export function compareJson(base: Result, head: Result): string {
  const found = compare(base, head);
  const ids = Object.entries(found).map(
    ([what, checks]) => [what, checks.map(({ id }) => id)] as const,
  );
  const whole = {
    schema: "modly-runs-conformance-comparison/1",
    worse: isWorse(found),
    base: base.verdict,
    head: head.verdict,
    ...Object.fromEntries(ids),
  };
  return `${JSON.stringify(whole, undefined, 2)}\n`;
}

/** A comparison in Markdown: one sentence, then what changed. */
export function compareReport(base: Result, head: Result): string {
  const found = compare(base, head);
  const { mends, breaks, stays, lost, gained } = found;
  const tail = [
    stays.length > 0 ? `${stays.length} ${stays.length === 1 ? "stays" : "stay"} broken` : "",
    lost.length > 0 ? `${lost.length} can't be tried any more` : "",
    gained.length > 0 ? `${gained.length} can be tried now` : "",
  ].filter((text) => text !== "");
  const sentence = `This change mends ${mends.length} and breaks ${breaks.length}${tail.length > 0 ? ` (${tail.join(", ")})` : ""}.`;
  const list = (
    title: string,
    checks: readonly ReportedCheck[],
    say?: (check: ReportedCheck) => string,
  ) =>
    checks.length === 0
      ? ""
      : `### ${title}\n\n${checks.map((check) => `- **${check.id}** (${check.level}) ${check.title}${say?.(check) ?? ""}`).join("\n")}`;
  const observed = ({ expected = "", observed: seen = "" }: ReportedCheck) =>
    `\n  - expected: ${line(expected)}\n  - observed: \`${line(seen).replaceAll("`", "'")}\``;
  // Without an answer of the server the checks have one reason, which is said once.
  const dead = head.unreachable !== undefined;
  const sections = [
    `## ${head.unreachable !== undefined || isWorse(found) ? "❌" : "✅"} ${sentence}`,
    head.unreachable === undefined
      ? ""
      : `The change could not be checked: ${line(head.unreachable)}`,
    base.unreachable === undefined
      ? ""
      : `Before the change nothing could be checked: ${line(base.unreachable)}`,
    list("Breaks", breaks, observed),
    list("Mends", mends),
    dead ? "" : list("Can't be tried any more", lost, ({ reason = "" }) => `: ${line(reason)}`),
    list("Can be tried now", gained),
    list("Stays broken", stays),
    `Before: ${base.verdict} (${base.headline}). After: ${head.verdict} (${head.headline}).`,
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

const line = (text: string) => {
  const flat = text.replaceAll(/\s+/g, " ").replaceAll("<", "&lt;");
  return flat.length > 300 ? `${flat.slice(0, 300)}...` : flat;
};
