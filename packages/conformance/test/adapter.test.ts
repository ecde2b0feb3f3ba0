import { afterAll, beforeAll, expect, test } from "vitest";

import { conformanceTests } from "../src/index.ts";
import { type Reference, REFERENCE_TARGET, startReference } from "./reference/index.ts";

let reference: Reference;
beforeAll(async () => {
  reference = await startReference();
});
afterAll(() => reference.close());

/** Declares the tests as a framework would, and hands them back. */
function declared(model: string): Map<string, () => Promise<void>> {
  const tests = new Map<string, () => Promise<void>>();
  const framework = {
    describe: (_name: string, body: () => void) => body(),
    it: (name: string, body: () => Promise<void>) => void tests.set(name.slice(0, 6), body),
  };
  const situations = { ...REFERENCE_TARGET.situations, succeeds: { model_id: model } };
  conformanceTests(
    framework,
    { base_url: reference.url, situations },
    { only: ["CRE-01", "CRE-12"] },
  );
  return tests;
}

test("each chosen check is a test of its own; one that is kept passes", async () => {
  const tests = declared("ref/fast");
  expect([...tests.keys()]).toEqual(["CRE-01", "CRE-12"]);
  for (const run of tests.values()) await run();
});

test("a MUST that could not be tried fails its test, with the reason", async () => {
  await expect(declared("ref/no-such-model").get("CRE-12")?.()).rejects.toThrow(
    "situations.succeeds",
  );
});
