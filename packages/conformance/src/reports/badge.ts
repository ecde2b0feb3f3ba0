import type { Result } from "./result.ts";

const COLOURS = { 0: "brightgreen", 1: "red", 2: "yellow", 3: "lightgrey" } as const;

/** A badge as shields.io reads it from a URL (its "endpoint" badge). */
export function badgeReport(result: Result): string {
  const { exit_code, verdict, counts, declared } = result;
  const message = exit_code === 0 ? `${counts.pass} of ${declared} checks` : verdict;
  return `${JSON.stringify({
    schemaVersion: 1,
    label: "workflow runs",
    message,
    color: COLOURS[exit_code],
  })}\n`;
}
