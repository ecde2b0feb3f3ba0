import * as fc from "fast-check";
import { expect, test } from "vitest";

import { PARALLEL, programText, SEQUENTIAL } from "../src/programs/program.ts";
import { tryServer } from "./reference/index.ts";

// Other servers that have to be fit to be trusted are tried by `pnpm zoo`.
test("the reference server is fit to be trusted", { timeout: 120_000 }, async () => {
  const { broken, blocked, verdicts } = await tryServer({}, { set: "hardening" });
  expect({ broken, blocked }).toEqual({ broken: [], blocked: [] });
  expect(verdicts.filter(({ status }) => status === "pass").length).toBeGreaterThanOrEqual(28);
});

test("a seed gives the same programs again, and another one others", () => {
  for (const programs of [SEQUENTIAL, PARALLEL]) {
    const of = (seed: number) => fc.sample(programs, { seed, numRuns: 20 }).map(programText);
    expect(of(7)).toEqual(of(7));
    expect(of(7)).not.toEqual(of(8));
  }
});

test("a program that shows a fault is made smaller, and told with its seed", async () => {
  const { verdicts } = await tryServer(
    {
      cancelled: (run) => ({
        status: 200,
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ run_id: run.id, status: "done", cancelled: false }),
      }),
    },
    { set: "hardening", only: ["MOD-01"], seed: 3 },
  );
  const [verdict] = verdicts;
  expect(verdict?.status).toBe("fail");
  const told = /Program: (.+) \(wrong in \d of 5 repeats/.exec(verdict?.observed ?? "")?.[1] ?? "";
  // A create, a cancel, and next to nothing that is not needed.
  expect(told).toContain("cancel");
  expect(told.split(";").length).toBeLessThanOrEqual(5);
  expect(verdict?.observed).toContain("--only MOD-01 --replay 3");
}, 60_000);
