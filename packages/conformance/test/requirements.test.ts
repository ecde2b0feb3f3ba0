import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";

import { CHECK_IDS, CHECKS, REQUIREMENTS } from "../src/requirements/index.ts";
import { SCENARIOS } from "../src/scenarios/index.ts";
import { PREDICATE_IDS } from "../src/scenarios/predicates.ts";
import { TOLERANCES } from "./reference/index.ts";

test("the ids and levels of 1.0 are frozen", () => {
  expect(CHECK_IDS.map((id) => `${id} ${CHECKS[id].level}`)).toMatchSnapshot();
  const sizes = Object.values(REQUIREMENTS).map((set) => Object.keys(set).length);
  expect(CHECK_IDS).toHaveLength(sizes.reduce((sum, size) => sum + size, 0));
});

test("every check has exactly one home", () => {
  const homes = [...SCENARIOS.flatMap(({ feeds }) => feeds), ...PREDICATE_IDS].toSorted();
  expect(homes).toEqual([...CHECK_IDS].toSorted());
});

test("every check that is judged on histories is shown by some scenario", () => {
  const shown = new Set(SCENARIOS.flatMap(({ shows }) => shows ?? []));
  expect(PREDICATE_IDS.filter((id) => !shown.has(id))).toEqual([]);
});

test("scenarios have names of their own", () => {
  const names = SCENARIOS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

describe("the specification and the suite are one text", async () => {
  const page = new URL("../../../docs/specification.md", import.meta.url);
  const text = await readFile(page, "utf8");
  const rules = new Map(
    [...text.matchAll(/^- \[(R-[A-Z]\d+)\] ((?:.|\n(?!\n|- \[))+)/gm)].map(
      ([, id = "", sentence = ""]) => [id, sentence] as const,
    ),
  );
  const core = Object.values(REQUIREMENTS.core);
  const checked = new Set(core.flatMap((row) => row.of));
  const allowed = new Set(TOLERANCES.map(({ allows }) => allows));

  test("every rule has an id of its own and says how strongly it is meant", () => {
    const ids = [...text.matchAll(/^- \[(R-[A-Z]\d+)\]/gm)].map(([, id]) => id);
    expect(ids.length).toBeGreaterThan(60);
    expect(new Set(ids).size).toBe(ids.length);
    const weak = [...rules].filter(([, sentence]) => !/\b(?:MUST|SHOULD|MAY)\b/.test(sentence));
    expect(weak.map(([id]) => id)).toEqual([]);
  });

  test("no rule is without a check; what a MAY allows, an odd server does", () => {
    const bare = [...rules].filter(
      ([id, sentence]) =>
        !checked.has(id) && !(allowed.has(id) && !/\b(?:MUST|SHOULD)\b/.test(sentence)),
    );
    expect(bare.map(([id]) => id)).toEqual([]);
  });

  test("no check is without a rule, and none names one that is not there", () => {
    expect(Object.entries(REQUIREMENTS.core).filter(([, { of }]) => of.length === 0)).toEqual([]);
    expect([...checked, ...allowed].filter((id) => !rules.has(id))).toEqual([]);
  });

  test("at least sixty odd servers, each with the rule that allows it", () => {
    expect(TOLERANCES.length).toBeGreaterThanOrEqual(60);
    expect(new Set(TOLERANCES.map(({ name }) => name)).size).toBe(TOLERANCES.length);
  });
});
