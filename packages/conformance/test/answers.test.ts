import { describe, expect, test } from "vitest";

import { problemFault } from "../src/scenarios/answers.ts";
import { Estimate, LongOnes, type Pace } from "../src/session/estimate.ts";
import { answer, recording } from "./exchanges.ts";

const fault = (body: unknown, headers?: Record<string, string>) => {
  const response = { ...answer(body, 404), ...(headers ? { headers } : {}) };
  return problemFault(recording().other({ response }));
};

describe("what is wrong with an error body", () => {
  test.each([
    ["detail is missing (the keys are: message, code)", { message: "no", code: 1 }],
    ["detail is missing (the keys are: none)", {}],
    ["detail is an object, not a sentence or a list", { detail: { message: "no" } }],
    ["detail is null, not a sentence or a list", { detail: null }],
    ["detail is a number, not a sentence or a list", { detail: 404 }],
    ["the body is a string, not an object with detail", '"no"'],
    ["the body is a list, not an object with detail", []],
    ["the body is empty", ""],
    ["the body can't be read", "<h1>no</h1>"],
    [undefined, { detail: "There is no such run." }],
    [undefined, { detail: [{ msg: "no" }] }],
  ])("is told with its place: %s", (expected, body) => {
    expect(fault(body)).toBe(expected);
  });

  test("is its type where that is wrong, whatever it says", () => {
    const good = { detail: "There is no such run." };
    expect(fault(good, { "content-type": "text/html" })).toBe(
      "Content-Type is text/html, not application/json",
    );
    expect(fault(good, {})).toBe("Content-Type is missing, not application/json");
  });
});

describe("the estimate", () => {
  const rounds = { name: "rounds", lasts: ({ long, places }: Pace) => (60 * long) / places };

  test("counts a long scenario by what is known of the target at that moment", () => {
    const known = { measured: undefined, longMs: 1_000, places: undefined as number | undefined };
    const left = new LongOnes(known, [{ name: "short" }, rounds]);
    expect(left.leftMs()).toBe(0);
    known.places = 2;
    expect(left.leftMs()).toBe(30_000);
    known.places = 1;
    expect(left.leftMs()).toBe(60_000);
  });

  test("takes off what is behind, and all of it at the end", () => {
    const left = new LongOnes({ measured: undefined, longMs: 1_000, places: 1 }, [rounds]);
    left.begins(rounds);
    const first = left.leftMs();
    expect(first).toBeLessThanOrEqual(60_000);
    expect(left.leftMs()).toBeLessThanOrEqual(first);
    left.ended(rounds);
    expect(left.leftMs()).toBe(0);
  });

  test("adds it to the rest", () => {
    const measured = { rtt: 1, run: 100 };
    const estimate = new Estimate(1, 0, 1);
    expect(estimate.leftMs(measured, 60_000)).toBe(estimate.leftMs(measured) + 60_000);
    estimate.ended("alone", 10);
    expect(estimate.leftMs(measured, 60_000)).toBe(60_000);
  });
});
