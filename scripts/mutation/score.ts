import type { Mutant, Mutants } from "./stryker.ts";
import { REASONS } from "./reasons.ts";

/** A change that no test noticed. */
export interface Survivor {
  readonly line: number;
  /** The line as it is. */
  readonly text: string;
  /** What was put in, and for what. */
  readonly change: string;
  /** Why no test can notice it; missing where one could. */
  readonly reason: string | undefined;
}

/** How one module fared. */
export interface Score {
  readonly module: string;
  /** Changes that were tried. */
  readonly all: number;
  readonly found: number;
  readonly survivors: readonly Survivor[];
}

const FOUND = new Set(["Killed", "Timeout"]);
const TRIED = new Set([...FOUND, "Survived", "NoCoverage"]);

/** In percent, rounded down to a tenth: a bar is never passed by rounding. */
export const percent = ({ all, found }: Score): number => Math.floor((found / all) * 1000) / 10;

/** Counts the mutants of each module. Those that can't run at all, as a type would say, are not counted. */
export function scoresOf(mutants: Mutants): Score[] {
  return Object.entries(mutants).map(([module, { source, mutants: of }]) => {
    const tried = of.filter(({ status }) => TRIED.has(status));
    const survivors = tried
      .filter(({ status }) => !FOUND.has(status))
      .map((mutant) => survivorOf(module, source.split("\n"), mutant));
    return { module, all: tried.length, found: tried.length - survivors.length, survivors };
  });
}

function survivorOf(module: string, lines: readonly string[], mutant: Mutant): Survivor {
  const { start, end } = mutant.location;
  const text = (lines[start.line - 1] ?? "").trim();
  const last = end.line === start.line ? end.column - 1 : undefined;
  const was = (lines[start.line - 1] ?? "").slice(start.column - 1, last);
  const now = mutant.replacement ?? "";
  const from = differAt(was, now);
  const change = `${short(was, from)}${last === undefined ? " ..." : ""} -> ${short(now, from)}`;
  return { line: start.line, text, change, reason: REASONS[module]?.[`${text} | ${change}`] };
}

/** Where to begin so that the first difference of two long texts is seen. */
function differAt(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  return at < 40 ? 0 : at - 20;
}

const short = (text: string, from: number) => {
  const flat = `${from > 0 ? "..." : ""}${text.slice(from)}`.replaceAll(/\s+/g, " ").trim();
  return flat.length > 60 ? `${flat.slice(0, 60)}...` : flat;
};

/** Reasons for changes that are no survivors any more. */
export function staleReasons({ module, survivors }: Score): string[] {
  const open = new Set(survivors.map(({ text, change }) => `${text} | ${change}`));
  return Object.keys(REASONS[module] ?? {}).filter((row) => !open.has(row));
}
