import type { Result } from "./result.ts";

/** The result for programs: `schema` names the version of its shape. */
export function jsonReport(result: Result): string {
  return `${JSON.stringify(result, null, 2)}\n`;
}
