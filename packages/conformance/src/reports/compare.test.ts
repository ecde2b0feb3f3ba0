import { expect, test } from "vitest";

import type { Status } from "../verdict/verdict.ts";
import { compare, compareJson, compareReport, isWorse } from "./compare.ts";
import type { ReportedCheck, Result } from "./result.ts";

const check = (id: string, status: Status, more: Partial<ReportedCheck> = {}) =>
  ({ id, status, level: "MUST", title: `title of ${id}`, ...more }) as ReportedCheck;

const result = (checks: readonly ReportedCheck[], more: Partial<Result> = {}) =>
  ({ checks, verdict: "keeps", headline: "2 of 2", ...more }) as Result;

const STATUSES = ["pass", "note", "fail", "warn", "blocked", "n/a", "harness-error"] as const;
const broken = (status?: Status) => status === "fail" || status === "warn";
const judged = (status?: Status) => broken(status) || status === "pass" || status === "note";

/** The rule, told once more: in which list a check is that was one thing and is another. */
const listOf = (old: Status | undefined, now: Status) => [
  ...(broken(old) && judged(now) && !broken(now) ? ["mends"] : []),
  ...(broken(now) && !broken(old) ? ["breaks"] : []),
  ...(broken(now) && broken(old) ? ["stays"] : []),
  ...(judged(old) && !judged(now) ? ["lost"] : []),
  ...(!judged(old) && judged(now) && !broken(now) ? ["gained"] : []),
];

test.each([undefined, ...STATUSES].flatMap((old) => STATUSES.map((now) => [old, now] as const)))(
  "what was %s and is %s is put where it belongs",
  (old, now) => {
    const base = result([check("B", "pass"), ...(old ? [check("A", old)] : [])]);
    const found = compare(base, result([check("A", now)]));
    const lists = Object.entries(found).filter(([, checks]) => checks.length > 0);
    expect(lists.map(([name]) => name)).toEqual(listOf(old, now));
    for (const [, checks] of lists) expect(checks).toEqual([check("A", now)]);
  },
);

test.each([
  ["a MUST breaks", "pass", "fail", "MUST", true],
  ["a MUST can't be tried any more", "pass", "blocked", "MUST", true],
  ["a SHOULD breaks", "pass", "warn", "SHOULD", false],
  ["a SHOULD can't be tried any more", "pass", "blocked", "SHOULD", false],
  ["a MUST stays broken", "fail", "fail", "MUST", false],
  ["a MUST is mended", "fail", "pass", "MUST", false],
] as const)("when %s", (_, old, now, level, worse) => {
  const fine = check("B", "pass");
  const found = compare(
    result([fine, check("A", old, { level })]),
    result([fine, check("A", now, { level })]),
  );
  expect(isWorse(found)).toBe(worse);
});

const BEFORE = result(
  [
    check("MEND-1", "fail"),
    check("MEND-2", "warn", { level: "SHOULD" }),
    check("BREAK", "pass"),
    check("STAY", "fail"),
    check("LOST", "pass"),
    check("GAIN", "blocked"),
  ],
  { verdict: "breaks it", headline: "2 of 5" },
);
const AFTER = result(
  [
    check("MEND-1", "pass"),
    check("MEND-2", "pass", { level: "SHOULD" }),
    check("BREAK", "fail", { expected: "a\n  <b>", observed: "`c`" }),
    check("STAY", "fail"),
    check("LOST", "blocked", { reason: "no  recipe" }),
    check("GAIN", "pass"),
  ],
  { verdict: "breaks it too", headline: "3 of 5" },
);

test("a report says in one sentence what changed, and then each change", () => {
  expect(compareReport(BEFORE, AFTER))
    .toBe(`## ❌ This change mends 2 and breaks 1 (1 stays broken, 1 can't be tried any more, 1 can be tried now).

### Breaks

- **BREAK** (MUST) title of BREAK
  - expected: a &lt;b>
  - observed: \`'c'\`

### Mends

- **MEND-1** (MUST) title of MEND-1
- **MEND-2** (SHOULD) title of MEND-2

### Can't be tried any more

- **LOST** (MUST) title of LOST: no recipe

### Can be tried now

- **GAIN** (MUST) title of GAIN

### Stays broken

- **STAY** (MUST) title of STAY

Before: breaks it (2 of 5). After: breaks it too (3 of 5).
`);
});

test("the same for programs", () => {
  const text = compareJson(BEFORE, AFTER);
  expect(text).toMatch(/^\{\n {2}"schema".*\}\n$/s);
  expect(JSON.parse(text)).toEqual({
    schema: "modly-runs-conformance-comparison/1",
    worse: true,
    base: "breaks it",
    head: "breaks it too",
    mends: ["MEND-1", "MEND-2"],
    breaks: ["BREAK"],
    stays: ["STAY"],
    lost: ["LOST"],
    gained: ["GAIN"],
  });
});

test("where nothing changed that is all it says", () => {
  const same = result([check("A", "pass")]);
  expect(compareReport(same, same)).toBe(
    "## ✅ This change mends 0 and breaks 0.\n\nBefore: keeps (2 of 2). After: keeps (2 of 2).\n",
  );
  const [one, two] = [check("A", "fail"), check("B", "fail")];
  expect(compareReport(result([one, two]), result([one, two]))).toMatch(
    /^## ✅ This change mends 0 and breaks 0 \(2 stay broken\)\.\n/,
  );
});

test("a change that could not be checked is no good one, and each check does not say so again", () => {
  const dead = result([check("A", "blocked", { reason: "dead" })], {
    unreachable: "connection\nrefused",
  });
  const report = compareReport(result([check("A", "pass")]), dead);
  expect(report).toMatch(
    /^## ❌ .*\(1 can't be tried any more\)\.\n\nThe change could not be checked: connection refused\n\nBefore: /,
  );
  expect(compareReport(result([]), result([], { unreachable: "x" }))).toMatch(/^## ❌ /);
  expect(compareReport(dead, result([check("A", "pass")]))).toMatch(
    /^## ✅ .*\(1 can be tried now\)\.\n\nBefore the change nothing could be checked: connection refused\n\n### Can be tried now/,
  );
});

test("what is missing or too long is told as well as can be", () => {
  const long = "x".repeat(301);
  const of = (more: Partial<ReportedCheck>) =>
    compareReport(result([]), result([check("A", "fail", more)]));
  expect(of({})).toContain("\n  - expected: \n  - observed: ``\n");
  expect(of({ expected: long })).toContain(`  - expected: ${"x".repeat(300)}...\n`);
  expect(of({ expected: "x".repeat(300) })).toContain(`  - expected: ${"x".repeat(300)}\n`);
  const lost = compareReport(result([check("A", "pass")]), result([check("A", "blocked")]));
  expect(lost).toContain("title of A: \n");
});
