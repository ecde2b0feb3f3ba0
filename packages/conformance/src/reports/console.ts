import { styleText } from "node:util";

import { againOf, exchangeLines, timelineLines } from "./evidence-text.ts";
import { byReason, checksOf, type ReportedCheck, type Result, tally } from "./result.ts";

type Paint = (colour: "red" | "yellow" | "green" | "cyan" | "dim" | "bold", text: string) => string;

/** What a person reads in a terminal: the verdict, then what is wrong, why, and how to see it again. */
export function consoleReport(result: Result, { color = false } = {}): string {
  const paint: Paint = (style, text) =>
    color ? styleText(style, text, { validateStream: false }) : text;
  const before: Before = new Map();
  const all = (status: "fail" | "warn" | "harness-error", label: string) =>
    checksOf(result, status).map((check) => broken(check, label, paint, before));
  const sections = [
    ...all("fail", paint("red", "FAIL")),
    ...all("warn", paint("yellow", "WARN")),
    ...all("harness-error", paint("red", "ERROR")),
    repeatable(result),
    notes(checksOf(result, "note"), paint),
    grouped("BLOCKED: could not be tested, neither passed nor failed", "blocked", result, paint),
    grouped("N/A: does not apply to this target", "n/a", result, paint),
    stale(result, paint),
    summary(result, paint),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

/** What was shown already, by its lines, and with which check: one fault often breaks several rules. */
type Before = Map<string, string>;

function broken(check: ReportedCheck, label: string, paint: Paint, before: Before): string {
  const lines: [string, string | undefined][] = [
    ["rule", check.rule],
    ["expected", check.expected],
    ["observed", check.observed ?? check.reason],
    ...(check.also ?? []).map((line): [string, string] => ["also", line]),
    ["why", check.why],
    ["again", againOf(check)],
    ["known", check.known],
  ];
  const rows = lines.flatMap(([name, text]) =>
    text ? [`    ${paint("dim", name.padEnd(9))} ${text}`] : [],
  );
  const seen = evidence(check, before).map((line) => `      ${paint("dim", line)}`);
  return [
    `${label} ${paint("bold", check.id)} ${check.title} (${check.level})`,
    ...rows,
    ...seen,
  ].join("\n");
}

/** As much as a terminal bears; the other reports have the whole of it. */
const LONGEST = { timeline: 12, exchange: 24, line: 320 } as const;

function cut(lines: readonly string[], most: number): readonly string[] {
  const short = lines.map((line) =>
    line.length > LONGEST.line ? `${line.slice(0, LONGEST.line)}...` : line,
  );
  return short.length <= most
    ? short
    : [...short.slice(0, most - 1), `... ${short.length - most + 1} more lines (--artifacts)`];
}

function evidence({ id, shown }: ReportedCheck, before: Before): readonly string[] {
  if (shown === undefined) return [];
  /** The lines, or with which check they were shown. */
  const once = (lines: readonly string[], most: number, short: string): readonly string[] => {
    const key = lines.join("\n");
    const shownWith = before.get(key);
    if (shownWith !== undefined) return [`${short}: as with ${shownWith}`];
    before.set(key, id);
    return cut(lines, most);
  };
  const timeline = timelineLines(shown);
  return [
    ...(timeline.length > 0 ? once(["timeline", ...timeline], LONGEST.timeline, "timeline") : []),
    ...shown.exchanges.slice(0, 2).flatMap((exchange) => {
      const lines = exchangeLines(exchange);
      return once(lines, LONGEST.exchange, `${lines[0]}, ${lines[1]}`);
    }),
  ];
}

/** Most deviations need more than one request: the same command shows them whole. */
function repeatable(result: Result): string {
  const ids = [...checksOf(result, "fail"), ...checksOf(result, "warn")].map(({ id }) => id);
  return ids.length === 0 ? "" : `See them again: the same command with --only ${ids.join(",")}`;
}

function notes(checks: readonly ReportedCheck[], paint: Paint): string {
  const rows = checks.map(
    ({ id, title, observed }) => `    ${id} ${title}${observed ? `: ${observed}` : ""}`,
  );
  return rows.length === 0 ? "" : [`${paint("cyan", "NOTE")} good to know`, ...rows].join("\n");
}

function grouped(title: string, status: "blocked" | "n/a", result: Result, paint: Paint): string {
  if (result.unreachable !== undefined) return "";
  const rows = [...byReason(checksOf(result, status))].map(
    ([reason, ids]) => `    ${ids.join(" ")}\n        ${reason}`,
  );
  return rows.length === 0
    ? ""
    : [paint(status === "n/a" ? "dim" : "yellow", title), ...rows].join("\n");
}

function stale(result: Result, paint: Paint): string {
  return result.stale.length === 0
    ? ""
    : `${paint("red", "STALE")} the baseline names what is no deviation: ${result.stale.join(", ")}. Take it out.`;
}

function summary(result: Result, paint: Paint): string {
  const colour = result.exit_code === 0 ? "green" : result.exit_code === 2 ? "yellow" : "red";
  const seconds = (result.milliseconds / 1_000).toFixed(1);
  return [
    paint(colour, paint("bold", `${result.base_url} ${result.verdict}.`)),
    ...(result.unreachable === undefined ? [] : [result.unreachable]),
    ...(result.sets.length > 1
      ? result.sets.map(({ set, verdict, headline }) => `${set}: ${verdict} (${headline}).`)
      : []),
    `${result.set}: ${result.headline}; ${tally(result)}; ${seconds} s, seed ${result.seed}, profile ${result.profile}.`,
    ...(result.allow_blocked ? ["Blocked checks were allowed (--allow-blocked)."] : []),
  ].join("\n");
}
