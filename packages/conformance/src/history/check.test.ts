import { canBecome, isEnded, RUN_STATUSES, type RunStatus } from "@modly-runs/contract";
import fc from "fast-check";
import { expect, test } from "vitest";

import { brokenOrder, contradictionIn, EXPECTED } from "./check.ts";
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

const read = (status: RunStatus, start: number, end: number, progress?: number): Observation => ({
  ...{ source: "read", status, start, end, exchange: start },
  ...(progress === undefined ? {} : { progress }),
});
const cancel = (status: RunStatus, start: number, end: number): Observation => ({
  ...read(status, start, end),
  source: "cancel",
});
const [early, late] = [read("running", 0, 1, 10), read("running", 1, 4, 40)];

test.each<[string, readonly Observation[], readonly number[], object | undefined]>([
  [
    "a status that was taken back",
    [read("pending", 2.25, 3, 0), early],
    [],
    {
      rule: "order",
      first: early,
      second: read("pending", 2.25, 3, 0),
      message: "a read showed running 10%; a read begun 1.3 ms after its answer showed pending 0%",
    },
  ],
  [
    "the latest of what was known, not the last",
    [late, early, read("pending", 5, 6)],
    [],
    {
      rule: "order",
      first: early,
      second: read("pending", 5, 6),
      message: "a read showed running 10%; a read begun 4.0 ms after its answer showed pending",
    },
  ],
  [
    "progress that fell",
    [late, early, read("running", 6, 7, 39)],
    [],
    {
      rule: "progress",
      first: late,
      second: read("running", 6, 7, 39),
      message: "a read showed running 40%; a read begun 2.0 ms after its answer showed running 39%",
    },
  ],
  [
    "the highest progress, also where a cancel or a lower one came between",
    [late, cancel("running", 5, 6), read("error", 6, 7), read("error", 8, 9, 12)],
    [],
    {
      rule: "progress",
      first: late,
      second: read("error", 8, 9, 12),
      message: "a read showed running 40%; a read begun 4.0 ms after its answer showed error 12%",
    },
  ],
  [
    "two reads at once that no order explains",
    [read("running", 0, 9, 40), read("running", 0, 9, 60), read("error", 0, 9, 50)],
    [],
    {
      rule: "progress",
      first: read("running", 0, 9, 60),
      second: read("error", 0, 9, 50),
      message: "a read showed running 60%, and a read showed error 50%",
    },
  ],
  [
    "reads at once of one status in any order",
    [read("running", 0, 9, 40), read("running", 0, 9, 20)],
    [],
    undefined,
  ],
  [
    "two reads at once, the higher one told first, and the first of equals",
    [
      { ...read("running", 0, 9, 60), exchange: 7 },
      read("running", 0, 9, 60),
      read("running", 0, 9, 40),
      read("error", 0, 9, 50),
    ],
    [],
    {
      rule: "progress",
      first: { ...read("running", 0, 9, 60), exchange: 7 },
      second: read("error", 0, 9, 50),
      message: "a read showed running 60%, and a read showed error 50%",
    },
  ],
  [
    "progress that fell from the least there is, and the first of equals",
    [read("running", 0, 1, 1), read("running", 2, 3, 1), read("running", 4, 5, 0)],
    [],
    {
      rule: "progress",
      first: read("running", 0, 1, 1),
      second: read("running", 4, 5, 0),
      message: "a read showed running 1%; a read begun 3.0 ms after its answer showed running 0%",
    },
  ],
  ["progress that only stays", [late, read("running", 5, 6, 40)], [], undefined],
  [
    "a first progress of nothing",
    [read("pending", 0, 1, 0), read("running", 2, 3, 0)],
    [],
    undefined,
  ],
  [
    "two ends",
    [early, read("done", 3, 4, 100), cancel("error", 3, 4)],
    [],
    {
      rule: "ends",
      first: read("done", 3, 4, 100),
      second: cancel("error", 3, 4),
      message: "a read showed done 100%, and a cancel showed error",
    },
  ],
  [
    "one end, seen often",
    [read("done", 3, 4), read("done", 3, 4), read("done", 5, 6)],
    [],
    undefined,
  ],
  [
    "a cancel before anybody asked for it",
    [read("cancelled", 1, 2)],
    [7, 4.5],
    {
      rule: "cancelled-before-cancel",
      first: read("cancelled", 1, 2),
      message: "a read showed cancelled, and the first cancel was sent 2.5 ms after that",
    },
  ],
  [
    "a cancel that nobody asked for",
    [early, read("cancelled", 2, 3, 10)],
    [],
    {
      rule: "cancelled-before-cancel",
      first: read("cancelled", 2, 3, 10),
      message: "a read showed cancelled 10%, and no cancel was sent",
    },
  ],
  ["a cancel at that instant", [read("cancelled", 1, 2)], [2], undefined],
])("%s: the counter-example", (_, observations, cancelsSentAt, expected) => {
  expect(contradictionIn({ runId: "r", observations, cancelsSentAt })).toEqual(expected);
});

test("an order may be asked of some observations only", () => {
  const seen = [cancel("done", 0, 1), read("running", 2, 3)];
  expect(brokenOrder(seen)).toMatchObject({ first: seen[0], second: seen[1] });
  expect(brokenOrder(seen, ({ source }) => source === "read")).toBeUndefined();
  // What counts is kept, even if more was known of one that does not.
  const late = [read("running", 0, 1), ...[cancel("done", 2, 3), read("pending", 4, 5)]];
  expect(brokenOrder(late, ({ source }) => source === "read")).toMatchObject({ first: late[0] });
});

test("each rule has its sentence", () => {
  expect(EXPECTED).toEqual({
    order: "a run never goes back, and an end stays",
    ends: "every answer shows the same end, and the end stays as it is",
    "cancelled-before-cancel": "a run is cancelled only after somebody cancelled it",
    progress: "progress never falls",
  });
});
