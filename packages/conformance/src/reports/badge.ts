import { type Result, tally } from "./result.ts";

const COLOURS = { 0: "brightgreen", 1: "red", 2: "yellow", 3: "lightgrey" } as const;

/** A badge as shields.io reads it from a URL (its "endpoint" badge). */
export function badgeReport(result: Result): string {
  const { exit_code, verdict } = result;
  // What is no pass is named: a plain "142 of 147" reads like five failures.
  const message = exit_code === 0 ? tally(result) : verdict;
  return `${JSON.stringify({
    schemaVersion: 1,
    label: "workflow runs",
    message,
    color: COLOURS[exit_code],
  })}\n`;
}
