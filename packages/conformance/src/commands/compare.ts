import { readFile, writeFile } from "node:fs/promises";

import { compare, compareReport, isWorse, type Result } from "../reports/index.ts";
import type { Said } from "./run.ts";

async function reportOf(path: string): Promise<Result | string> {
  try {
    const value = JSON.parse(await readFile(path, "utf8")) as Partial<Result> | null;
    return value?.schema === "modly-runs-conformance/1" && Array.isArray(value.checks)
      ? (value as Result)
      : `${path} is no JSON report of this suite: write one with run --json ${path}`;
  } catch (error) {
    return `${path} can't be read as a JSON report: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** What a change mends and breaks; exit 1 if it breaks a MUST or hides one. */
export async function compareReports(
  basePath: string,
  headPath: string,
  md: string | undefined,
): Promise<Said> {
  const [base, head] = [await reportOf(basePath), await reportOf(headPath)];
  if (typeof base === "string") return { err: base, code: 3 };
  if (typeof head === "string") return { err: head, code: 3 };
  if (base.set !== head.set)
    return { err: `The two reports are of different sets: ${base.set} and ${head.set}`, code: 3 };
  const text = compareReport(base, head);
  if (md !== undefined) await writeFile(md, text);
  const unreachable = head.unreachable !== undefined || base.unreachable !== undefined;
  return { out: text, code: unreachable ? 3 : isWorse(compare(base, head)) ? 1 : 0 };
}
