import { isEnded, isRunStatus } from "@modly-runs/contract";

import { runBodyOf } from "../history/observations.ts";
import { castOf, runOf } from "../reports/evidence.ts";
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
