import fc from "fast-check";
import { expect, test } from "vitest";

import { createProgress } from "./progress.ts";

const percent = fc.oneof(fc.double(), fc.integer({ min: -5, max: 120 }));
const reports = fc.array(fc.tuple(percent, fc.string({ maxLength: 300 })), { maxLength: 20 });
const start = { progress: 0, step: "Queued", holdStep: false };

test("whatever is reported, what is stored is whole, 0 to 99, never falls, and has a short step", () => {
  fc.assert(
    fc.property(reports, fc.nat(99), fc.boolean(), (all, progress, holdStep) => {
      const kept = createProgress({ progress, step: "Loading", holdStep });
      for (const [percent, words] of all) {
        const before = kept.current();
        const isNew = kept.report(percent, words);
        const after = kept.current();
        expect(after.progress).toSatisfy(Number.isInteger);
        expect(after.progress).toBeGreaterThanOrEqual(before.progress);
        expect(after.progress).toBeLessThanOrEqual(99);
        expect(after.step).toMatch(/^\S(.{0,198}\S)?$/su);
        expect(isNew).toBe(after.progress !== before.progress || after.step !== before.step);
      }
    }),
  );
});

test.each([
  ["a fraction is cut off", 41.9, 41],
  ["100 belongs to done", 100, 99],
  ["more than all is not more", 1e9, 99],
  ["less than nothing is nothing", -3, 0],
  ["no number says nothing", Number.NaN, 0],
  ["neither does endlessness", Number.POSITIVE_INFINITY, 0],
])("%s", (_, percent, expected) => {
  const kept = createProgress(start);
  kept.report(percent, "Meshing");
  expect(kept.current()).toEqual({ progress: expected, step: "Meshing" });
});

test.each([
  ["white space is one space", "  Building\n\t mesh ", "Building mesh"],
  ["what is too long is cut off", "x".repeat(201), "x".repeat(200)],
  ["no words leave the step as it is", " \n ", "Queued"],
])("%s", (_, words, step) => {
  const kept = createProgress(start);
  kept.report(0, words);
  expect(kept.current()).toEqual({ progress: 0, step });
});

test("the same again is nothing new; another step or another number is", () => {
  const kept = createProgress(start);
  expect(kept.report(0, "Queued")).toBe(false);
  expect(kept.report(0, "Meshing")).toBe(true);
  expect(kept.report(1, "Meshing")).toBe(true);
  expect(kept.report(1, "Meshing")).toBe(false);
});

test("after a restart the step stays until more is done than before it", () => {
  const kept = createProgress({ progress: 40, step: "Building mesh", holdStep: true });
  expect(kept.report(40, "Loading model")).toBe(false);
  expect(kept.current()).toEqual({ progress: 40, step: "Building mesh" });
  expect(kept.report(41, "Cleaning up")).toBe(true);
  expect(kept.current()).toEqual({ progress: 41, step: "Cleaning up" });
  expect(kept.report(3, "Writing")).toBe(true);
  expect(kept.current()).toEqual({ progress: 41, step: "Writing" });
});
