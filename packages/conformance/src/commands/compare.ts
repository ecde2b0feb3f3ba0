import { readFile, writeFile } from "node:fs/promises";

import { compare, compareJson, compareReport, isWorse, type Result } from "../reports/index.ts";
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

/** Where a comparison is written besides the screen. */
export type CompareFiles = { readonly md?: string; readonly json?: string };

/**
 * What a change mends and breaks. Exit 1 if it breaks a MUST or hides one, 3 if the change could not be
 * checked; a base that could not is no obstacle: the change may be what makes a server of it.
 */
export async function compareReports(
  basePath: string,
  headPath: string,
  { md, json }: CompareFiles,
): Promise<Said> {
  const [base, head] = [await reportOf(basePath), await reportOf(headPath)];
  if (typeof base === "string") return { err: base, code: 3 };
  if (typeof head === "string") return { err: head, code: 3 };
  if (base.set !== head.set)
    return { err: `The two reports are of different sets: ${base.set} and ${head.set}`, code: 3 };
  const text = compareReport(base, head);
  if (md !== undefined) await writeFile(md, text);
  if (json !== undefined) await writeFile(json, compareJson(base, head));
  return {
    out: text,
    code: head.unreachable !== undefined ? 3 : isWorse(compare(base, head)) ? 1 : 0,
  };
}
