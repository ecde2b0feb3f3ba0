import type { Listener } from "../session/events.ts";
import type { ReportedCheck, Result } from "./result.ts";

/** Writes events as they come, one JSON object a line. */
export function eventsTo(write: (line: string) => void): Listener {
  return (event) => write(`${JSON.stringify(event)}\n`);
}

/** The lines at the end of a stream: a verdict a check, then the result without its checks. */
export function streamEnd(result: Result): string {
  const { checks, ...rest } = result;
  const verdicts = checks.map((check: ReportedCheck) => ({ type: "verdict", ...check }));
  return [...verdicts, { type: "end", ...rest }]
    .map((line) => `${JSON.stringify(line)}\n`)
    .join("");
}
