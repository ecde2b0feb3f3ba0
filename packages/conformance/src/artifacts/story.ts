import { isEnded, isRunStatus } from "@modly-runs/contract";

import { runBodyOf } from "../history/observations.ts";
import { runOf } from "../reports/evidence.ts";
import type { Exchange } from "../wire/exchange.ts";

/** One step of a reproduction. Reads of a run that follow each other are one wait. */
export type Step =
  | { readonly act: "send"; readonly exchange: Exchange; readonly beside: boolean }
  | {
      readonly act: "wait";
      readonly runId: string;
      readonly status: string;
      readonly last: Exchange;
    };

/** More runs than these make a script that nobody reads. */
const MOST_RUNS = 12;

type Span = { readonly runId: string; readonly start: number; readonly end: number };

function spansOf(exchanges: readonly Exchange[]): readonly Span[] {
  const spans = new Map<string, Span>();
  for (const exchange of exchanges) {
    const runId = runOf(exchange);
    if (runId === undefined) continue;
    const before = spans.get(runId);
    const start = Math.min(before?.start ?? exchange.start, exchange.start);
    spans.set(runId, { runId, start, end: Math.max(before?.end ?? 0, exchange.end) });
  }
  return [...spans.values()];
}

/** The runs a finding is about, and those of the same scenario that lived beside them. */
function castOf(shown: readonly Exchange[], all: readonly Exchange[]): ReadonlySet<string> {
  const cast = new Set(shown.flatMap((exchange) => runOf(exchange) ?? []));
  const scenarios = new Set(shown.map(({ scenario }) => scenario));
  const spans = spansOf(all.filter(({ scenario }) => scenarios.has(scenario)));
  const ours = spans.filter(({ runId }) => cast.has(runId));
  const beside = spans.filter(({ start, end }) =>
    ours.some((one) => one.start <= end && start <= one.end),
  );
  if (beside.length <= MOST_RUNS) for (const { runId } of beside) cast.add(runId);
  return cast;
}

/**
 * What to do again to see a finding: the requests that show it, what was asked of their runs before,
 * and of the runs of the same scenario that lived beside them.
 */
export function storyOf(numbers: readonly number[], all: readonly Exchange[]): readonly Step[] {
  const shown = numbers.flatMap((number) => all[number - 1] ?? []);
  const last = Math.max(...shown.map(({ end }) => end));
  const cast = castOf(shown, all);
  const scenarios = new Set(shown.map(({ scenario }) => scenario));
  const known = new Set(numbers);
  const ours = all
    .filter(
      (exchange) =>
        known.has(exchange.number) ||
        (exchange.start <= last &&
          (cast.has(runOf(exchange) ?? "") ||
            // Refused creates and downloads belong to the story of their scenario.
            (cast.size > 0 &&
              scenarios.has(exchange.scenario) &&
              exchange.meaning.act === "output"))),
    )
    .toSorted((a, b) => a.start - b.start);
  const steps: Step[] = [];
  let until = Number.NEGATIVE_INFINITY;
  for (const exchange of ours) {
    const body = runBodyOf(exchange);
    const plain = Object.keys(exchange.request.headers ?? {}).length === 0;
    const before = steps.at(-1);
    if (body !== undefined && plain && exchange.meaning.act === "read") {
      const status = isRunStatus(body["status"]) ? body["status"] : "any";
      const { runId } = exchange.meaning;
      // Reads of several runs in turn: one wait for each is enough.
      const index = steps.findLastIndex((step) => step.act === "wait" && step.runId === runId);
      const between = index < 0 ? [] : steps.slice(index + 1);
      const after = index >= 0 && between.every(({ act }) => act === "wait");
      const over = after && steps[index]?.act === "wait" && isOver(steps[index]);
      const step: Step = { act: "wait", runId, status, last: exchange };
      if (after && !over) steps[index] = step;
      else if (!over || known.has(exchange.number)) steps.push(step);
      continue;
    }
    const beside = before?.act === "send" && exchange.start < until;
    until = Math.max(until, exchange.end);
    steps.push({ act: "send", exchange, beside });
  }
  return steps;
}

function isOver(step: Step): boolean {
  return step.act === "wait" && isRunStatus(step.status) && isEnded(step.status);
}
