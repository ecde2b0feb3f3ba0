import { describe, expect, test } from "vitest";

import { applyBaseline, baselineOf } from "./baseline.ts";
import { Ledger } from "./ledger.ts";
import { BROKEN, type Finding, type Status, type Verdict } from "./verdict.ts";

const good: Finding = { ok: true };
const bad: Finding = { ok: false, expected: "a", observed: "b", exchanges: [3] };

describe("a verdict", () => {
  const row = { id: "CRE-01", level: "MUST", title: "A create is accepted" };

  test("of nothing is that nothing was seen", () => {
    expect(new Ledger().verdict("CRE-01")).toStrictEqual({
      ...row,
      evidence: 0,
      status: "blocked",
      reason: "nothing was seen that this check could judge",
    });
  });

  test("of what kept the rule is a pass, with how much was looked at", () => {
    const ledger = new Ledger();
    ledger.add("CRE-01", good);
    ledger.add("CRE-01", good);
    ledger.add("CRE-02", bad);
    expect(ledger.verdict("CRE-01")).toStrictEqual({ ...row, evidence: 2, status: "pass" });
  });

  test("of one deviation among what was fine is that deviation, and the others beside it", () => {
    const ledger = new Ledger();
    ledger.add("CRE-01", good);
    ledger.add("CRE-01", bad);
    const told = { expected: "a", observed: "b", exchanges: [3] };
    expect(ledger.verdict("CRE-01")).toStrictEqual({
      ...row,
      evidence: 2,
      status: "fail",
      ...told,
    });
    const other = { ok: false, observed: "c" };
    ledger.add("CRE-01", other);
    expect(ledger.verdict("CRE-01")).toStrictEqual({
      ...{ ...row, evidence: 3, status: "fail", ...told },
      others: [other],
    });
  });

  test("tells what a deviation tells, and no key more", () => {
    const ledger = new Ledger();
    ledger.add("CRE-01", { ok: false });
    expect(ledger.verdict("CRE-01")).toStrictEqual({ ...row, evidence: 1, status: "fail" });
  });

  test.each([
    ["CRE-01", "fail"],
    ["CRE-06", "warn"],
    ["GET-28", "note"],
  ] as const)("of a broken %s is a %s", (id, status) => {
    const ledger = new Ledger();
    ledger.add(id, bad);
    expect(ledger.verdict(id).status).toBe(status);
  });

  const blocked = { kind: "blocked", reason: "no recipe" } as const;
  const never = { kind: "n/a", reason: "no such thing" } as const;
  const broke = { kind: "harness-error", reason: "it broke" } as const;

  test.each([
    ["what was in the way, where nothing was seen", [blocked], [], "blocked", "no recipe"],
    ["that it does not apply", [never], [], "n/a", "no such thing"],
    ["what can be changed before what can't", [never, blocked], [], "blocked", "no recipe"],
    ["what was seen before what was in the way", [blocked, never], [good], "pass", undefined],
    ["a fault of the suite before all", [never, broke], [good, bad], "harness-error", "it broke"],
  ] as const)("says %s", (_, obstacles, findings, status, reason) => {
    const ledger = new Ledger();
    for (const obstacle of obstacles) ledger.obstruct("CRE-01", obstacle);
    for (const finding of findings) ledger.add("CRE-01", finding);
    expect(ledger.verdict("CRE-01")).toStrictEqual({
      ...{ ...row, evidence: findings.length, status },
      ...(reason === undefined ? {} : { reason }),
    });
  });
});

test("a ledger knows what it has evidence of, and what is broken", () => {
  const ledger = new Ledger();
  const states = () => [ledger.hasEvidence("CRE-01"), ledger.isBroken("CRE-01")];
  expect(states()).toEqual([false, false]);
  ledger.obstruct("CRE-01", { kind: "blocked", reason: "no recipe" });
  expect(states()).toEqual([false, false]);
  ledger.add("CRE-01", good);
  expect(states()).toEqual([true, false]);
  ledger.add("CRE-01", bad);
  expect(states()).toEqual([true, true]);
  ledger.add("CRE-02", bad);
  expect([ledger.hasEvidence("CRE-02"), ledger.isBroken("CRE-02")]).toEqual([true, true]);
});

test("the first deviation of each check is told at once", () => {
  const told: unknown[] = [];
  const ledger = new Ledger((...all) => told.push(all));
  ledger.add("CRE-01", good);
  ledger.add("CRE-01", bad);
  ledger.add("CRE-01", { ok: false });
  ledger.add("CRE-02", { ok: false });
  expect(told).toEqual([
    ["CRE-01", bad],
    ["CRE-02", { ok: false }],
  ]);
});

test("each level has its word", () => {
  expect(BROKEN).toEqual({ MUST: "fail", SHOULD: "warn", MAY: "note" });
});

const known = (id: string) => ({ id, reason: "old", link: "https://example.org/1" });

describe("a baseline", () => {
  test.each([
    ["two lists", { known: [known("CRE-01")], flaky: [known("CRE-02")] }],
    ["no list", {}],
    ["lists that were left empty", { known: null, flaky: null }],
  ])("is read: %s", (_, value) => {
    const { known: first, flaky } = value as { known?: unknown; flaky?: unknown };
    expect(baselineOf(value)).toEqual({ known: first ?? [], flaky: flaky ?? [] });
  });

  const shape = "a baseline is a mapping with known and flaky";
  test.each([
    ["a list", [], shape],
    ["a text", "known", shape],
    ["nothing", null, shape],
    ["a mapping for a list", { known: {} }, "known must be a list"],
    ["a text for the other", { flaky: "CRE-01" }, "flaky must be a list"],
    [
      "a row that is empty",
      { known: [known("CRE-01"), null] },
      "each entry of known needs id, reason and link",
    ],
    [
      "a row without a reason",
      { flaky: [{ ...known("CRE-01"), reason: "" }] },
      "each entry of flaky needs id, reason and link",
    ],
    [
      "a row with a number for an id",
      { known: [{ ...known("CRE-01"), id: 1 }] },
      "each entry of known needs id, reason and link",
    ],
    [
      "a row without a link",
      { known: [{ ...known("CRE-01"), link: undefined }] },
      "each entry of known needs id, reason and link",
    ],
  ])("is refused with a sentence: %s", (_, value, sentence) => {
    expect(baselineOf(value)).toBe(sentence);
  });

  const verdict = (id: Verdict["id"], status: Status): Verdict => ({
    ...{ id, status, level: "MUST", title: "", evidence: 1 },
  });

  test.each([
    ["fail", "known", true, false],
    ["warn", "known", true, false],
    ["note", "known", true, false],
    ["pass", "known", false, true],
    ["blocked", "known", false, false],
    ["n/a", "known", false, false],
    ["harness-error", "known", false, false],
    ["fail", "flaky", true, false],
    ["pass", "flaky", false, false],
  ] as const)("for a %s in %s: accepted %s, stale %s", (status, list, accepted, stale) => {
    const other = list === "known" ? "flaky" : "known";
    const baseline = { [other]: [], [list]: [known("CRE-01")] } as never;
    const applied = applyBaseline(baseline, [verdict("CRE-02", "fail"), verdict("CRE-01", status)]);
    expect([...applied.known]).toEqual(accepted ? [["CRE-01", "old (https://example.org/1)"]] : []);
    expect(applied.stale).toEqual(stale ? ["CRE-01: it passes now; remove the entry"] : []);
  });

  test("lets a flaky one pass beside a known one that is still broken", () => {
    const rows = { known: [known("CRE-02")], flaky: [known("CRE-01")] } as never;
    const seen = [verdict("CRE-02", "fail"), verdict("CRE-01", "pass")];
    expect(applyBaseline(rows, seen).stale).toEqual([]);
  });

  test("says which ids there are not, and leaves alone what was not run", () => {
    const rows = { known: [known("CRE-01"), known("CRE-99")], flaky: [known("XYZ")] };
    const none = [verdict("CRE-02", "pass")];
    expect(applyBaseline(rows, none)).toEqual({
      known: new Map(),
      stale: ["CRE-99: there is no such check", "XYZ: there is no such check"],
    });
  });
});
