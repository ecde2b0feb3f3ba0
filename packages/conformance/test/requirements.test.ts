import { expect, test } from "vitest";

import { CHECK_IDS, CHECKS, REQUIREMENTS } from "../src/requirements/index.ts";
import { SCENARIOS } from "../src/scenarios/index.ts";
import { PREDICATE_IDS } from "../src/scenarios/predicates.ts";

test("the ids and levels of 1.0 are frozen", () => {
  expect(CHECK_IDS.map((id) => `${id} ${CHECKS[id].level}`)).toMatchSnapshot();
  expect(Object.keys(REQUIREMENTS.hardening)).toEqual([]);
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
