import { expect, test } from "vitest";

import { de } from "./de.ts";
import { en, type MessageKey } from "./en.ts";
import { preferredLanguage, wordsIn } from "./index.ts";

/** The same word in both languages. */
const SHARED = new Set<MessageKey>(["server", "version", "token", "size", "seconds", "minutes"]);

const placesIn = (text: string) => (text.match(/\{\w+\}/g) ?? []).toSorted();

test("German says everything that English says, with the same values in it", () => {
  expect(Object.keys(de).toSorted()).toEqual(Object.keys(en).toSorted());
  for (const key of Object.keys(en) as MessageKey[]) {
    expect(de[key].trim(), key).not.toBe("");
    expect(placesIn(de[key]), key).toEqual(placesIn(en[key]));
    if (!SHARED.has(key) && !/^[^a-z]*$/i.test(en[key].replaceAll(/\{\w+\}/g, "")))
      expect(de[key], key).not.toBe(en[key]);
  }
});

test("values are filled in, and numbers and times are written as people of a language do", () => {
  expect(wordsIn("en")("triangles", { count: wordsIn("en").number(6874) })).toBe("6,874 triangles");
  expect(wordsIn("de")("triangles", { count: wordsIn("de").number(6874) })).toBe("6.874 Dreiecke");
  expect(wordsIn("de").duration(1_250)).toBe("1,3 s");
  expect(wordsIn("en").duration(125_000)).toBe("2 min 5 s");
});

test.each([
  [null, ["fr", "de-AT", "en"], "de"],
  [null, ["fr"], "en"],
  ["en", ["de"], "en"],
  ["xx", [], "en"],
] as const)("of %s and %s it is %s", (chosen, wishes, language) => {
  expect(preferredLanguage(chosen, wishes)).toBe(language);
});
