import { byReason, checksOf, type ReportedCheck, type Result, tally } from "./result.ts";

/** The result for a pull request: the verdict, a table of what is broken, the rest folded away. */
export function markdownReport(result: Result): string {
  const broken = [...checksOf(result, "fail"), ...checksOf(result, "warn")];
  const sections = [
    `## ${SIGNS[result.exit_code]} ${code(result.base_url)} ${result.verdict}`,
    result.unreachable ?? `**${result.headline}**; ${tally(result)}.`,
    result.allow_blocked ? "Blocked checks were allowed (`--allow-blocked`)." : "",
    result.stale.length > 0 ? `Stale in the baseline: ${result.stale.join(", ")}.` : "",
    broken.length > 0 ? table(broken) : "",
    ...broken.flatMap((check) => (isOneRequest(check) ? [again(check)] : [])),
    broken.length > 0
      ? `See them again: the same command with \`--only ${broken.map(({ id }) => id).join(",")}\`. With \`--artifacts FOLDER\` it writes a script for each.`
      : "",
    result.unreachable === undefined ? folded("Could not be tested", "blocked", result) : "",
    result.unreachable === undefined ? folded("Does not apply", "n/a", result) : "",
    `Set ${result.set}, profile ${result.profile}, seed ${result.seed}, ${(result.milliseconds / 1_000).toFixed(1)} s.`,
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

const SIGNS = { 0: "✅", 1: "❌", 2: "❔", 3: "⚠️" } as const;

function table(checks: readonly ReportedCheck[]): string {
  const rows = checks.map(({ id, level, title, expected = "", observed = "", why, known }) =>
    [id, level, title, cell(expected), code(observed), known ? `known: ${cell(known)}` : why].join(
      " | ",
    ),
  );
  return [
    "| check | level | | expected | observed | why it matters |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows.map((row) => `| ${row} |`),
  ].join("\n");
}

/** Of a finding about a run's life the last request alone shows nothing: its run is over. */
const isOneRequest = ({ again: command, shown }: ReportedCheck) =>
  command !== undefined && command !== "" && (shown?.timeline.length ?? 0) === 0;

function again({ id, again: command = "" }: ReportedCheck): string {
  return `<details><summary>See ${id} again</summary>\n\n\`\`\`\`sh\n${command}\n\`\`\`\`\n\n</details>`;
}

function folded(title: string, status: "blocked" | "n/a", result: Result): string {
  const rows = [...byReason(checksOf(result, status))].map(
    ([reason, ids]) => `- ${ids.join(", ")}: ${cell(reason)}`,
  );
  return rows.length === 0
    ? ""
    : `<details><summary>${title}: ${result.counts[status]}</summary>\n\n${rows.join("\n")}\n\n</details>`;
}

/** Text that stays on one line of a table, and is no markup. */
function cell(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll("|", "\\|").replaceAll("<", "&lt;");
}

/** What a server said is shown as code: it may hold anything. */
function code(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").replaceAll("|", "\\|").replaceAll("`", "'").trim();
  return line === "" ? "" : `\`${line}\``;
}
