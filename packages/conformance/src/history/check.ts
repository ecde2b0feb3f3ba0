import { canBeSeenAfter, isEnded, type RunStatus } from "@modly-runs/contract";

import type { History, Observation } from "./observations.ts";

/** Two observations that no single story of the run explains. */
export type Contradiction = {
  readonly rule: "order" | "ends" | "cancelled-before-cancel" | "progress";
  readonly first: Observation;
  /** Missing where one observation alone is impossible. */
  readonly second?: Observation;
  readonly message: string;
};

/** What a run is held to, in the words of a report. */
export const EXPECTED = {
  order: "a run never goes back, and an end stays",
  ends: "every answer shows the same end, and the end stays as it is",
  "cancelled-before-cancel": "a run is cancelled only after somebody cancelled it",
  progress: "progress never falls",
} as const satisfies Record<Contradiction["rule"], string>;

const state = ({ status, progress }: Observation) =>
  `${status}${progress === undefined ? "" : ` ${progress}%`}`;

const seen = (one: Observation) => `a ${one.source} showed ${state(one)}`;

const milliseconds = (span: number) => `${Math.max(0, span).toFixed(1)} ms`;

/** Two observations, the second begun after the first was over. */
const inTurn = (first: Observation, second: Observation) =>
  `${seen(first)}; a ${second.source} begun ${milliseconds(second.start - first.end)} after its answer showed ${state(second)}`;

/** Pairs each observation with what was known for certain when it began: O(n log n). */
function sweep<T>(
  observations: readonly Observation[],
  start: T,
  learn: (known: T, ended: Observation) => T,
  judge: (known: T, now: Observation) => Contradiction | undefined,
): Contradiction | undefined {
  const byEnd = [...observations].sort((a, b) => a.end - b.end);
  const byStart = [...observations].sort((a, b) => a.start - b.start);
  let known = start;
  let next = 0;
  for (const now of byStart) {
    for (let ended = byEnd[next]; ended && ended.end < now.start; ended = byEnd[next]) {
      known = learn(known, ended);
      next += 1;
    }
    const contradiction = judge(known, now);
    if (contradiction) return contradiction;
  }
  return undefined;
}

/** How far along a run is: statuses that exclude each other are equally far. */
function rank(status: RunStatus): number {
  if (isEnded(status)) return 2;
  return status === "pending" ? 0 : 1;
}

/**
 * The first ordered pair where the later observation shows what cannot come after the earlier one;
 * `counts` says which observations may be the earlier one.
 */
export function brokenOrder(
  observations: readonly Observation[],
  counts: (earlier: Observation) => boolean = () => true,
): Contradiction | undefined {
  return sweep<Observation | undefined>(
    observations,
    undefined,
    (known, ended) =>
      !counts(ended) || (known && rank(known.status) >= rank(ended.status)) ? known : ended,
    (known, now) =>
      known && !canBeSeenAfter(known.status, now.status)
        ? {
            rule: "order",
            first: known,
            second: now,
            message: inTurn(known, now),
          }
        : undefined,
  );
}

/** The first ordered pair of reads where progress fell. */
export function fallenProgress(observations: readonly Observation[]): Contradiction | undefined {
  const withProgress = observations.filter(({ progress }) => progress !== undefined);
  return sweep<Observation | undefined>(
    withProgress,
    undefined,
    (known, ended) => ((known?.progress ?? -1) >= (ended.progress ?? -1) ? known : ended),
    (known, now) =>
      known && (known.progress ?? 0) > (now.progress ?? 0)
        ? {
            rule: "progress",
            first: known,
            second: now,
            message: inTurn(known, now),
          }
        : undefined,
  );
}

/** Two observations of different ends. */
export function disagreeingEnds(observations: readonly Observation[]): Contradiction | undefined {
  const ends = observations.filter(({ status }) => isEnded(status));
  const [first] = ends;
  const second = ends.find(({ status }) => status !== first?.status);
  return first && second
    ? { rule: "ends", first, second, message: `${seen(first)}, and ${seen(second)}` }
    : undefined;
}

/** An observation of cancelled that was over before the first cancel was sent. */
export function prematureCancelled(history: History): Contradiction | undefined {
  const sent = Math.min(...history.cancelsSentAt);
  const first = history.observations.find(
    ({ status, end }) => status === "cancelled" && end < sent,
  );
  return (
    first && {
      rule: "cancelled-before-cancel",
      first,
      message: `${seen(first)}, ${Number.isFinite(sent) ? `and the first cancel was sent ${milliseconds(sent - first.end)} after that` : "and no cancel was sent"}`,
    }
  );
}

/** Concurrent reads whose statuses and progress can't be put into one order, whichever came first. */
function crossedProgress(observations: readonly Observation[]): Contradiction | undefined {
  const withProgress = observations.filter(({ progress }) => progress !== undefined);
  const highest = new Map<number, Observation>();
  for (const one of withProgress) {
    const best = highest.get(rank(one.status));
    if (!best || (best.progress ?? 0) < (one.progress ?? 0)) highest.set(rank(one.status), one);
  }
  for (const now of withProgress) {
    for (const [earlier, first] of highest) {
      if (earlier < rank(now.status) && (first.progress ?? 0) > (now.progress ?? 0)) {
        return {
          rule: "progress",
          first,
          second: now,
          message: `${seen(first)}, and ${seen(now)}`,
        };
      }
    }
  }
  return undefined;
}

/**
 * Looks for a proof that no single story of the run explains all its observations; undefined means
 * that there is one. A run is a one-way automaton, so pairs suffice.
 */
export function contradictionIn(history: History): Contradiction | undefined {
  return (
    prematureCancelled(history) ??
    disagreeingEnds(history.observations) ??
    brokenOrder(history.observations) ??
    fallenProgress(history.observations) ??
    crossedProgress(history.observations)
  );
}
