import { type CheckId, isCheckId } from "../requirements/index.ts";
import type { Verdict } from "./verdict.ts";

/** A deviation that is known: its check, why it is accepted, where it is followed. */
export type Known = { readonly id: string; readonly reason: string; readonly link: string };

/** The file of known deviations. `flaky` ones may break or not; `known` ones must be broken. */
export type Baseline = { readonly known: readonly Known[]; readonly flaky: readonly Known[] };

function knownOf(value: unknown, list: string): readonly Known[] | string {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return `${list} must be a list`;
  const rows = value as Partial<Record<keyof Known, unknown>>[];
  const good = rows.every((row) =>
    [row?.id, row?.reason, row?.link].every((text) => typeof text === "string" && text !== ""),
  );
  return good ? (rows as Known[]) : `each entry of ${list} needs id, reason and link`;
}

/** Reads the content of a baseline file, or says what is wrong with it. */
export function baselineOf(value: unknown): Baseline | string {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return "a baseline is a mapping with known and flaky";
  const { known, flaky } = value as { known?: unknown; flaky?: unknown };
  const [first, second] = [knownOf(known, "known"), knownOf(flaky, "flaky")];
  if (typeof first === "string") return first;
  return typeof second === "string" ? second : { known: first, flaky: second };
}

/** What a baseline means for these verdicts: which deviations are accepted, which entries are wrong. */
export type Applied = {
  readonly known: ReadonlyMap<CheckId, string>;
  /** Entries of checks that passed, and of ids that there are not. They fail the session. */
  readonly stale: readonly string[];
};

const isBroken = ({ status }: Verdict) =>
  status === "fail" || status === "warn" || status === "note";

/** Holds a baseline against verdicts. Entries of checks that were not run are neither used nor stale. */
export function applyBaseline(baseline: Baseline, verdicts: readonly Verdict[]): Applied {
  const found = new Map<string, Verdict>(verdicts.map((verdict) => [verdict.id, verdict]));
  const known = new Map<CheckId, string>();
  const stale: string[] = [];
  for (const { id, reason, link } of [...baseline.known, ...baseline.flaky]) {
    const verdict = found.get(id);
    if (!isCheckId(id)) stale.push(`${id}: there is no such check`);
    else if (verdict && isBroken(verdict)) known.set(id, `${reason} (${link})`);
    else if (verdict?.status === "pass" && baseline.known.some((entry) => entry.id === id)) {
      stale.push(`${id}: it passes now; remove the entry`);
    }
  }
  return { known, stale };
}
