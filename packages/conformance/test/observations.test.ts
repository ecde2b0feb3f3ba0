import { describe, expect, test } from "vitest";

import { endsOf, historiesOf, readsOf, runBodyOf } from "../src/history/observations.ts";
import { answer, recording } from "./exchanges.ts";

describe("the body of a read", () => {
  const { read, cancel, other } = recording();
  const whole = { run_id: "r" };
  test.each([
    ["an object", read("r", whole), whole],
    ["a list", read("r", [whole]), undefined],
    ["null", read("r", null), undefined],
    ["a text", read("r", '"done"'), undefined],
    ["no JSON", read("r", "{"), undefined],
    ["no body", read("r", ""), undefined],
    ["another status", read("r", whole, { response: answer(whole, 404) }), undefined],
    ["no answer", read("r", whole, { response: undefined as never }), undefined],
    ["another method", read("r", whole, { request: { method: "HEAD", path: "/" } }), undefined],
    ["a cancel", cancel("r", whole), undefined],
    ["a cancel by GET", cancel("r", whole, { request: { method: "GET", path: "/" } }), undefined],
    ["something else", other({ response: answer(whole) }), undefined],
  ])("%s", (_, exchange, expected) => expect(runBodyOf(exchange)).toEqual(expected));
});

describe("what was seen of a run", () => {
  test("is each read and each cancel that told a status, with its times", () => {
    const { read, cancel, exchanges } = recording();
    const body = { status: "running", progress: 7 };
    read("r", body);
    cancel("r", { status: "cancelled" });
    expect(historiesOf(exchanges, false)).toEqual([
      {
        runId: "r",
        cancelsSentAt: [20],
        observations: [
          { source: "read", status: "running", progress: 7, start: 10, end: 15, exchange: 1, body },
          { source: "cancel", status: "cancelled", start: 20, end: 25, exchange: 2 },
        ],
      },
    ]);
  });

  test("is kept run by run", () => {
    const { read, cancel, exchanges } = recording();
    read("a", { status: "running" });
    read("b", { status: "pending" });
    cancel("b", { status: "pending" });
    read("a", { status: "done" });
    const seen = historiesOf(exchanges, false).map(({ runId, observations, cancelsSentAt }) => [
      runId,
      observations.map(({ status }) => status),
      cancelsSentAt,
    ]);
    expect(seen).toEqual([
      ["a", ["running", "done"], []],
      ["b", ["pending", "pending"], [30]],
    ]);
  });

  test("is nothing where the path was not exactly the run's, or something else was meant", () => {
    const { read, cancel, other, exchanges } = recording();
    read("r", { status: "done" }, { meaning: { act: "read", runId: "r", exact: false } });
    cancel("r", { status: "done" }, { meaning: { act: "cancel", runId: "r", exact: false } });
    other({ response: answer({ status: "done" }) });
    other({ response: answer({ status: "done" }), meaning: { act: "create" } });
    expect(historiesOf(exchanges, true)).toEqual([]);
  });

  test("is only a number where progress is one", () => {
    const { read, exchanges } = recording();
    read("r", { status: "running", progress: "7" });
    read("r", { status: "running", progress: 0 });
    const [history] = historiesOf(exchanges, false);
    expect(history!.observations.map((one) => "progress" in one && one.progress)).toEqual([
      false,
      0,
    ]);
  });

  const of = (strict: boolean, make: (from: ReturnType<typeof recording>) => unknown) => {
    const from = recording();
    make(from);
    return historiesOf(from.exchanges, strict)[0]!.observations.map(({ status }) => status);
  };

  test.each([
    ["a sixth word in a read", false, ({ read }) => read("r", { status: "gone" }), []],
    [
      "a cancel taken on",
      false,
      ({ cancel }) => cancel("r", "", accepted({ status: "done" })),
      ["done"],
    ],
    ["a cancel refused", false, ({ cancel }) => cancel("r", "", refused({ status: "done" })), []],
    ["a cancel without an answer", false, ({ cancel }) => cancel("r", "", none), []],
    ["a read by POST", false, ({ read }) => read("r", { status: "done" }, byPost), []],
    ["a cancel by GET", false, ({ cancel }) => cancel("r", { status: "done" }, byGet), []],
    ["a cancel that says no object", false, ({ cancel }) => cancel("r", null), []],
    ["a cancel that says a text", false, ({ cancel }) => cancel("r", '"done"'), []],
    ["a sixth word in a cancel", false, ({ cancel }) => cancel("r", { status: "gone" }), []],
    [
      "cancelled alone, strictly",
      true,
      ({ cancel }) => cancel("r", { cancelled: true }),
      ["cancelled"],
    ],
    ["cancelled alone", false, ({ cancel }) => cancel("r", { cancelled: true }), []],
    ["not cancelled", true, ({ cancel }) => cancel("r", { cancelled: false }), []],
    ["a word for true", true, ({ cancel }) => cancel("r", { cancelled: "true" }), []],
    [
      "a status beside it",
      true,
      ({ cancel }) => cancel("r", { status: "running", cancelled: true }),
      ["running"],
    ],
  ] satisfies [string, boolean, (from: ReturnType<typeof recording>) => unknown, string[]][])(
    "of %s",
    (_, strict, make, expected) => expect(of(strict, make)).toEqual(expected),
  );
});

const accepted = (body: object) => ({ response: answer(body, 202) });
const refused = (body: object) => ({ response: answer(body, 409) });
const none = { response: undefined as never };
const byPost = { request: { method: "POST", path: "/" } };
const byGet = { request: { method: "GET", path: "/" } };

test("reads are told from cancels, and ends from the rest", () => {
  const { read, cancel, exchanges } = recording();
  for (const status of ["pending", "running", "done", "error", "cancelled"]) read("r", { status });
  cancel("r", { status: "cancelled" });
  const [history] = historiesOf(exchanges, false);
  const numbers = (of: readonly { exchange: number }[]) => of.map(({ exchange }) => exchange);
  expect(numbers(readsOf(history!))).toEqual([1, 2, 3, 4, 5]);
  expect(numbers(endsOf(history!.observations))).toEqual([3, 4, 5, 6]);
});
