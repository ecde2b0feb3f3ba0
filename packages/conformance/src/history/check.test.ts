import { canBecome, isEnded, RUN_STATUSES, type RunStatus } from "@modly-runs/contract";
import fc from "fast-check";
import { expect, test } from "vitest";

import { contradictionIn } from "./check.ts";
import type { History, Observation } from "./observations.ts";

type State = { readonly status: RunStatus; readonly progress: number };
type Small = {
  readonly observations: readonly Observation[];
  readonly cancelsSentAt: readonly number[];
};

/** Steps a run can take between two observations: any number of transitions, progress only up. */
function reachable(from: State, to: Observation): boolean {
  const statuses = new Set<RunStatus>([from.status]);
  for (const status of statuses) {
    for (const next of RUN_STATUSES) if (canBecome(status, next)) statuses.add(next);
  }
  return statuses.has(to.status) && (to.progress ?? from.progress) >= from.progress;
}

/** Tries every order that keeps real time: the rule itself, without any cleverness. */
function explains(
  { observations, cancelsSentAt }: Small,
  state: State = { status: "pending", progress: 0 },
): boolean {
  if (observations.length === 0) return true;
  return observations.some((next) => {
    const first = observations.every((other) => other === next || other.end >= next.start);
    const allowed = next.status !== "cancelled" || cancelsSentAt.some((sent) => sent <= next.end);
    if (!first || !allowed || !reachable(state, next)) return false;
    const rest = observations.filter((other) => other !== next);
    return explains(
      { observations: rest, cancelsSentAt },
      { status: next.status, progress: next.progress ?? state.progress },
    );
  });
}

const observation = fc
  .record({
    status: fc.constantFrom(...RUN_STATUSES),
    start: fc.integer({ min: 0, max: 12 }),
    length: fc.integer({ min: 0, max: 5 }),
    progress: fc.integer({ min: 0, max: 3 }),
    source: fc.constantFrom("read" as const, "read" as const, "cancel" as const),
  })
  .map(({ status, start, length, progress, source }): Observation => {
    const seen = { source, status, start, end: start + length, exchange: 0 };
    // An ended run has one progress; other numbers would only repeat LIF-04.
    return source === "cancel" ? seen : { ...seen, progress: isEnded(status) ? 3 : progress };
  });

const histories = fc.record({
  observations: fc.array(observation, { maxLength: 6 }),
  cancelsSentAt: fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 2 }),
});

test("the fast checker and trying every order agree on small histories", () => {
  let [sound, unsound] = [0, 0];
  fc.assert(
    fc.property(histories, (small) => {
      const history: History = { runId: "r", ...small };
      const fine = contradictionIn(history) === undefined;
      if (fine) sound += 1;
      else unsound += 1;
      expect(fine).toBe(explains(small));
    }),
    { numRuns: 4_000 },
  );
  // Both kinds have to come up often, or the agreement means nothing.
  expect(Math.min(sound, unsound)).toBeGreaterThan(300);
});

test("the counter-example is a pair with its intervals", () => {
  const read = (status: RunStatus, start: number, end: number, progress: number): Observation => ({
    source: "read",
    status,
    start,
    end,
    progress,
    exchange: start,
  });
  const found = contradictionIn({
    runId: "r",
    observations: [read("running", 0, 1, 10), read("pending", 2, 3, 0)],
    cancelsSentAt: [],
  });
  expect(found).toMatchObject({
    rule: "order",
    message: "a read showed running 10%; a read begun 1.0 ms after its answer showed pending 0%",
  });
});
