import { describe, expect, test } from "vitest";

import { problemFault } from "../src/scenarios/answers.ts";
import { Estimate } from "../src/session/estimate.ts";
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
  const measured = { rtt: 1, run: 100 };

  test("adds what a long scenario says of itself, until that has ended", () => {
    const plain = new Estimate(1, 0, 1).leftMs(measured);
    const rounds = new Estimate(1, 0, 1, 60_000);
    expect(rounds.leftMs(measured)).toBe(plain + 60_000);
    rounds.knownEnded(60_000);
    expect(rounds.leftMs(measured)).toBe(plain);
    rounds.ended("alone", 10);
    expect(rounds.leftMs(measured)).toBe(0);
  });
});
