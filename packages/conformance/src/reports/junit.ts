import { againOf } from "./evidence-text.ts";
import type { ReportedCheck, Result } from "./result.ts";

/**
 * The result as JUnit XML, as CI systems read it: a suite a group, a case a check.
 *
 * A broken MUST is a failure; warnings and notes pass with a message; what was not executed is skipped.
 */
export function junitReport(result: Result): string {
  const groups = new Map<string, ReportedCheck[]>();
  for (const check of result.checks) {
    const group = check.id.split("-", 1)[0] ?? "";
    groups.set(group, [...(groups.get(group) ?? []), check]);
  }
  const suites = [...groups].map(
    ([group, checks]) =>
      `  <testsuite name="${group}" ${totals(checks)}>\n${checks.map(testcase).join("\n")}\n  </testsuite>`,
  );
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="modly-runs-conformance" ${totals(result.checks)} time="${result.milliseconds / 1_000}">`,
    ...suites,
    "</testsuites>",
    "",
  ].join("\n");
}

const isFailure = ({ status, known }: ReportedCheck) => status === "fail" && known === undefined;
const isError = ({ status }: ReportedCheck) => status === "harness-error";
const isSkipped = ({ status }: ReportedCheck) => status === "blocked" || status === "n/a";

function totals(checks: readonly ReportedCheck[]): string {
  const count = (is: (check: ReportedCheck) => boolean) => checks.filter(is).length;
  return `tests="${checks.length}" failures="${count(isFailure)}" errors="${count(isError)}" skipped="${count(isSkipped)}"`;
}

function testcase(check: ReportedCheck): string {
  const inside = outcome(check);
  const open = `    <testcase classname="${check.level}" name="${escape(`${check.id} ${check.title}`)}"`;
  return inside === "" ? `${open}/>` : `${open}>\n      ${inside}\n    </testcase>`;
}

function outcome(check: ReportedCheck): string {
  const details = escape(
    [
      `rule: ${check.rule}`,
      `expected: ${check.expected ?? ""}`,
      `observed: ${check.observed ?? ""}`,
      `why: ${check.why}`,
      `again: ${againOf(check) ?? ""}`,
    ].join("\n"),
  );
  const reason = escape(check.reason ?? check.observed ?? "");
  if (isFailure(check)) return `<failure message="${reason}">${details}</failure>`;
  if (isError(check)) return `<error message="${reason}"/>`;
  if (isSkipped(check)) return `<skipped message="${escape(check.status)}: ${reason}"/>`;
  return check.status === "pass"
    ? ""
    : `<system-out>${escape(check.status)}: ${details}</system-out>`;
}

/** Text as XML; characters that XML 1.0 does not know become question marks. */
function escape(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, "?")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
