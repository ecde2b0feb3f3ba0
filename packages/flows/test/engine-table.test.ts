import { describe, expect, test } from "vitest";

import {
  apply,
  begin,
  type EndStatus,
  type Event,
  FLOW_STATUSES,
  type FlowState,
  type FlowStatus,
  type Graph,
  isEnded,
  next,
  type Node,
  STEP_STATUSES,
  type StepState,
  type StepStatus,
} from "../src/index.ts";

const node = (id: string, more: Partial<Node> = {}): Node => ({
  ...{ id, needs: [], retries: 0, ways: 1 },
  ...more,
});
const graphOf = (...steps: Node[]): Graph => ({ steps, parallel: 2, pause: 1000 });

/** A step that went through something, so that nothing of it is as in the beginning. */
const step = (status: StepStatus, more: Partial<StepState> = {}): StepState => ({
  ...{ status, attempt: 3, failures: 1, way: 1, notBefore: 500, open: true },
  ...more,
});
const stateOf = (status: FlowStatus, steps: Record<string, StepState>): FlowState => ({
  status,
  steps: new Map(Object.entries(steps)),
});

test("the words are these", () => {
  expect(STEP_STATUSES).toEqual(["waiting", "running", "done", "failed", "skipped", "cancelled"]);
  expect(FLOW_STATUSES).toEqual([
    ...["running", "pausing", "paused", "cancelling", "done", "failed", "cancelled"],
  ]);
  expect(FLOW_STATUSES.filter(isEnded)).toEqual(["paused", "done", "failed", "cancelled"]);
});

test("before anything happened every step waits", () => {
  const fresh = { status: "waiting", attempt: 0, failures: 0, way: 0, notBefore: 0, open: false };
  expect(begin(graphOf(node("a"), node("b")))).toEqual({
    status: "running",
    steps: new Map([
      ["a", fresh],
      ["b", fresh],
    ]),
  });
});

/** Where a flow run is after an event, of each place where it was. */
const FLOWS: readonly (readonly [name: string, Event, Partial<Record<FlowStatus, FlowStatus>>])[] =
  [
    [
      "cancel",
      { type: "cancel" },
      { running: "cancelling", pausing: "cancelling", paused: "cancelling" },
    ],
    ["pause", { type: "pause" }, { running: "pausing" }],
    [
      "resume",
      { type: "resume" },
      { pausing: "running", paused: "running", failed: "running", cancelled: "running" },
    ],
    ["recovered", { type: "recovered" }, {}],
    ...(["done", "failed", "cancelled", "paused"] as const).map(
      (status) =>
        [
          `ended ${status}`,
          { type: "ended", status },
          { running: status, pausing: status, cancelling: status },
        ] as const,
    ),
  ];

test.each(FLOWS)(
  "%s takes a flow run on from where it may, and from nowhere else",
  (_, event, table) => {
    const graph = graphOf(node("a"));
    for (const was of FLOW_STATUSES) {
      const state = stateOf(was, { a: step("done") });
      const after = apply(graph, state, event);
      expect([was, after.status]).toEqual([was, table[was] ?? was]);
      expect(after.steps).toEqual(state.steps);
    }
  },
);

test("a resume of what goes on, or is done, tries nothing again", () => {
  for (const was of ["running", "done", "cancelling"] as const) {
    const state = stateOf(was, { a: step("failed"), b: step("waiting"), c: step("skipped") });
    expect(apply(graphOf(node("a")), state, { type: "resume" })).toEqual(state);
  }
});

type Change = Partial<Record<StepStatus, Partial<StepState>>>;

/** What an event makes of a step, of each place where it was. What is not named stays. */
const STEPS: readonly (readonly [name: string, flow: FlowStatus, Event, Change])[] = [
  [
    "started",
    "running",
    { type: "started", step: "a", attempt: 4 },
    { waiting: { status: "running", attempt: 4, open: true } },
  ],
  [
    "done",
    "running",
    { type: "done", step: "a" },
    { running: { status: "done", open: false }, waiting: { status: "done", open: false } },
  ],
  ["skipped", "running", { type: "skipped", step: "a" }, { waiting: { status: "skipped" } }],
  [
    "stopped",
    "cancelling",
    { type: "stopped", step: "a" },
    { running: { status: "cancelled", open: false } },
  ],
  [
    "failed for good",
    "running",
    { type: "failed", step: "a", final: true, at: 9 },
    { running: { status: "failed", failures: 2, open: false } },
  ],
  [
    "failed while it was cancelled",
    "cancelling",
    { type: "failed", step: "a", final: false, at: 9 },
    { running: { status: "cancelled", failures: 2, open: false } },
  ],
  ["cancel", "running", { type: "cancel" }, { waiting: { status: "cancelled", open: false } }],
  [
    "resume",
    "failed",
    { type: "resume" },
    {
      waiting: { notBefore: 0 },
      ...Object.fromEntries(
        ["failed", "skipped", "cancelled"].map((status) => [
          status,
          { status: "waiting", failures: 0, way: 0, notBefore: 0, open: false },
        ]),
      ),
    },
  ],
  ["recovered", "running", { type: "recovered" }, { running: { status: "waiting" } }],
];

test.each(STEPS)("%s changes a step where it fits, and nothing else", (_, flow, event, table) => {
  const graph = graphOf(node("a", { ways: 2, retries: 3 }), node("b"));
  for (const was of STEP_STATUSES) {
    const state = stateOf(flow, { a: step(was), b: step("done") });
    const { steps } = apply(graph, state, event);
    expect([was, steps.get("a")]).toEqual([was, { ...step(was), ...table[was] }]);
    expect(steps.get("b")).toEqual(step("done"));
    expect(state.steps.get("a")).toEqual(step(was));
  }
});

test("an event of a step that there is not changes nothing", () => {
  const state = stateOf("running", { a: step("running") });
  expect(apply(graphOf(node("a")), state, { type: "done", step: "z" })).toEqual(state);
});

describe("a try that failed", () => {
  const failed = (graph: Graph, was: StepState, final = false) =>
    apply(graph, stateOf("running", { a: was }), {
      type: "failed",
      step: "a",
      final,
      at: 70,
    }).steps.get("a")!;
  const graph = graphOf(node("a", { retries: 9, ways: 2 }));

  test.each([
    [0, 1000],
    [1, 2000],
    [2, 4000],
    [5, 32_000],
    [6, 60_000],
    [8, 60_000],
  ])("after %i others is made again in %i ms", (failures, pause) => {
    expect(failed(graph, step("running", { failures, way: 0 }))).toEqual(
      step("waiting", {
        ...{ failures: failures + 1, way: 0, open: false },
        notBefore: 70 + pause,
      }),
    );
  });

  test.each([
    ["the last of its way", 9, false],
    ["one that would fail again", 0, true],
  ])("as %s is followed by the other way, at once", (_, failures, final) => {
    expect(failed(graph, step("running", { failures, way: 0 }), final)).toEqual(
      step("waiting", { failures: 0, way: 1, notBefore: 70, open: false }),
    );
    expect(failed(graph, step("running", { failures, way: 1 }), final)).toEqual(
      step("failed", { failures: failures + 1, open: false }),
    );
  });
});

describe("what is to be done", () => {
  const waits = step("waiting", { open: false, notBefore: 0 });
  const graph = graphOf(node("a"), node("b"), node("c"), node("d", { needs: ["a", "b"] }));
  const of = (status: FlowStatus, steps: Record<string, StepState>, now = 1000) =>
    next(graph, stateOf(status, steps), now);
  const [a, b, c, d] = [waits, waits, waits, waits];

  test("is to start as many as may run at once, in their order", () => {
    expect(of("running", { a, b, c, d })).toEqual([
      { do: "start", step: "a", attempt: 4, way: 1 },
      { do: "start", step: "b", attempt: 4, way: 1 },
    ]);
    expect(of("running", { a, b: step("running"), c, d })).toEqual([
      { do: "start", step: "a", attempt: 4, way: 1 },
    ]);
    expect(of("running", { a, b: step("running"), c: step("running"), d })).toEqual([]);
  });

  test("is to go on with a try that is not over under its number", () => {
    expect(of("running", { a: step("waiting"), b: step("done"), c: step("done"), d })).toEqual([
      { do: "start", step: "a", attempt: 3, way: 1 },
    ]);
  });

  test("is to start what needs others only when all of them are done", () => {
    const ready = { do: "start", step: "d", attempt: 4, way: 1 };
    const done = step("done");
    expect(of("running", { a: done, b: done, c: done, d })).toEqual([ready]);
    expect(of("running", { a: done, b: step("running"), c: done, d })).toEqual([]);
  });

  test.each(["failed", "skipped", "cancelled"] as const)(
    "is to skip what needs a %s one",
    (lost) => {
      expect(of("running", { a: step("done"), b: step(lost), c: step("done"), d })).toEqual([
        { do: "skip", step: "d", because: "b" },
      ]);
    },
  );

  test("is to wait for the first of those that may not start yet", () => {
    const later = (notBefore: number) => step("waiting", { notBefore });
    const done = step("done");
    expect(of("running", { a: later(1300), b: later(1200), c: done, d })).toEqual([
      { do: "wake", at: 1200 },
    ]);
    expect(of("running", { a: later(1001), b: later(1000), c: done, d })).toEqual([
      { do: "start", step: "b", attempt: 3, way: 1 },
      { do: "wake", at: 1001 },
    ]);
  });

  const all = (status: StepStatus) => ({
    a: step(status),
    b: step(status),
    c: step(status),
    d: step(status),
  });

  test.each<[string, FlowStatus, Record<string, StepState>, EndStatus | undefined]>([
    ["all are done", "running", all("done"), "done"],
    ["one failed", "running", { ...all("done"), b: step("failed") }, "failed"],
    ["one was skipped", "running", { ...all("done"), d: step("skipped") }, "failed"],
    ["one still runs", "running", { ...all("done"), c: step("running") }, undefined],
    ["all are done before the pause", "pausing", all("done"), "done"],
    ["one failed before the pause", "pausing", { ...all("done"), c: step("failed") }, "failed"],
    ["some wait at the pause", "pausing", { ...all("done"), c, d }, "paused"],
    [
      "one still runs at the pause",
      "pausing",
      { ...all("done"), c: step("running"), d },
      undefined,
    ],
    ["nothing runs after a cancel", "cancelling", all("cancelled"), "cancelled"],
    ["all were done at the cancel", "cancelling", all("done"), "cancelled"],
    ["it has ended: done", "done", all("done"), undefined],
    ["it has ended: failed", "failed", all("failed"), undefined],
    ["it has ended: cancelled", "cancelled", all("cancelled"), undefined],
    ["it is paused", "paused", { ...all("done"), c, d }, undefined],
  ])("is to end, or not, if %s", (_, status, steps, end) => {
    expect(of(status, steps)).toEqual(end ? [{ do: "end", status: end }] : []);
  });

  test("of a cancelled flow run is to stop what runs, and to start nothing", () => {
    expect(of("cancelling", { a: step("running"), b, c: step("running"), d })).toEqual([
      { do: "stop", step: "a" },
      { do: "stop", step: "c" },
    ]);
  });

  test("of a pause is to start nothing, and to let run what runs", () => {
    expect(of("pausing", { a: step("running"), b, c, d })).toEqual([]);
  });
});
