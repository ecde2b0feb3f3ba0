import fc from "fast-check";
import { expect, test } from "vitest";

import { depthOf } from "./json-depth.ts";

/** The rule itself, of the value. */
function depth(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depth));
}

test("it is as deep as the value that the text stands for", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 8 }), fc.constantFrom(undefined, 2), (value, indent) => {
      expect(depthOf(JSON.stringify(value, undefined, indent))).toBe(depth(value));
    }),
  );
});

test.each([
  ["nothing", "", 0],
  ["a bracket in a text", '["[[["]', 1],
  ["a text that ends with a backslash", '["a\\\\", [1]]', 2],
  ["a quote in a text", '["\\"[[", [1]]', 2],
  ["a bracket behind an escaped quote in a key", '{"\\"{": 1}', 1],
  ["brackets that are never closed", "[[[", 3],
  ["brackets of both kinds beside each other", '[{"a": 1}, [1], {}]', 2],
  ["depth that is left again", "[[[]], []]", 3],
])("%s", (_, text, expected) => expect(depthOf(text)).toBe(expected));
