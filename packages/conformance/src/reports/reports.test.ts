import { describe, expect, it, test } from "vitest";

import type { CheckId } from "../requirements/index.ts";
import type { Outcome } from "../run.ts";
import type { Verdict } from "../verdict/verdict.ts";
import type { Exchange } from "../wire/exchange.ts";
import { multipart } from "../wire/multipart.ts";
import { readable, shown } from "./evidence.ts";
import {
  type About,
  badgeReport,
  consoleReport,
  jsonReport,
  junitReport,
  markdownReport,
  resultOf,
} from "./index.ts";

const about: About = { target: { base_url: "http://127.0.0.1:1" }, set: "core" };

const verdict = (id: CheckId, status: Verdict["status"], more: Partial<Verdict> = {}): Verdict => ({
  id,
  level: "MUST",
  status,
  title: `title of ${id}`,
  evidence: 1,
  ...more,
});

const outcome = (...verdicts: Verdict[]): Outcome => ({
  verdicts,
  seed: 7,
  milliseconds: 1_234,
  situations: {},
  exchanges: [],
});

const pass = verdict("CRE-01", "pass");
const hostile = verdict("GET-17", "fail", {
  expected: "404 | JSON",
  observed: '200 <script>"&\u0001\u{D800}`|',
  again: "curl -i 'http://127.0.0.1:1/x'",
});

describe("the exit code", () => {
  it.each([
    ["everything passed", [pass], {}, 0],
    ["a warning and a note", [pass, verdict("CRE-06", "warn", { level: "SHOULD" })], {}, 0],
    ["a blocked SHOULD", [pass, verdict("CRE-06", "blocked", { level: "SHOULD" })], {}, 0],
    ["a fail", [pass, hostile], {}, 1],
    ["a fail beside a blocked MUST", [hostile, verdict("CAN-05", "blocked")], {}, 1],
    ["a blocked MUST", [pass, verdict("CAN-05", "blocked")], {}, 2],
    [
      "a blocked MUST that was allowed",
      [pass, verdict("CAN-05", "blocked")],
      { allowBlocked: true },
      0,
    ],
    ["nothing declared", [], {}, 2],
    [
      "nothing executed, even if allowed",
      [verdict("CAN-05", "blocked")],
      { allowBlocked: true },
      2,
    ],
    ["only what does not apply", [verdict("CAN-05", "n/a")], {}, 2],
    ["a fault of the suite", [hostile, verdict("CAN-05", "harness-error")], {}, 3],
    [
      "a known deviation",
      [pass, hostile],
      { baseline: { known: new Map([["GET-17", "see #1"]]), stale: [] } },
      0,
    ],
    ["a stale entry", [pass], { baseline: { known: new Map(), stale: ["CRE-01"] } }, 1],
  ] as const)("of %s", (_what, verdicts, choices, code) => {
    expect(resultOf(outcome(...verdicts), { ...about, ...choices } as About).exit_code).toBe(code);
  });

  it("is 3 for a target that can't be reached", () => {
    const dead = { ...outcome(verdict("CRE-01", "blocked")), unreachable: "Nobody listens." };
    const result = resultOf(dead, about);
    expect(result.exit_code).toBe(3);
    expect(consoleReport(result)).toContain("Nobody listens.");
  });
});

describe("the reports", () => {
  const result = resultOf(
    outcome(pass, hostile, verdict("CAN-05", "blocked", { reason: "no queue" })),
    about,
  );

  it("count what was executed and what was not", () => {
    expect(result.headline).toBe("executed 2 of 3 declared, blocked 1, n/a 0");
    for (const report of [consoleReport(result), markdownReport(result)])
      expect(report).toContain(result.headline);
  });

  it("say of a broken check what was expected, what was seen, why it matters and how to see it again", () => {
    for (const report of [consoleReport(result), markdownReport(result)]) {
      expect(report).toContain("GET-17");
      expect(report).toContain("404");
      expect(report).toContain("Clients print detail.");
      expect(report).toContain("curl -i 'http://127.0.0.1:1/x'");
    }
  });

  it("show the reason of what was blocked", () => {
    for (const report of [consoleReport(result), markdownReport(result), junitReport(result)])
      expect(report).toContain("no queue");
  });

  it("are plain text unless colours are asked for", () => {
    const escapeCode = "\u001B[";
    expect(consoleReport(result)).not.toContain(escapeCode);
    expect(consoleReport(result, { color: true })).toContain(escapeCode);
  });

  it("give the whole result as JSON", () => {
    expect(JSON.parse(jsonReport(result))).toEqual(JSON.parse(JSON.stringify(result)));
  });

  it("give XML that holds whatever a server says", () => {
    const xml = junitReport(result);
    expect(xml).toContain('tests="3" failures="1" errors="0" skipped="1"');
    expect(xml).toContain("&lt;script&gt;&quot;&amp;??`|");
    expect(xml).not.toContain("\u0001");
    expect(xml).not.toContain("\u{D800}");
  });

  it("keep a server's text from becoming markup in Markdown", () => {
    const row = markdownReport(result)
      .split("\n")
      .find((line) => line.startsWith("| GET-17"));
    expect(row?.replaceAll("\\|", "").split("|")).toHaveLength(8);
  });
});

test("a check that is broken in several ways tells each scenario once", () => {
  const exchange = (number: number, scenario: string, status: number) =>
    ({
      number,
      scenario,
      meaning: { act: "other" },
      request: { method: "GET", path: `/${number}` },
      response: { status, headers: {}, body: Buffer.alloc(0), continued: false },
      start: number,
      end: number,
      again: "",
      answerOwed: true,
    }) as const;
  const exchanges = [
    exchange(1, "creates", 500),
    exchange(2, "creates", 500),
    exchange(3, "reads", 500),
    exchange(4, "reads", 500),
  ];
  const others = [2, 3, 4].map((number) => ({ ok: false, observed: "500", exchanges: [number] }));
  const broken = verdict("WIRE-01", "fail", { observed: "500", exchanges: [1], others });
  const result = resultOf({ ...outcome(broken), exchanges }, about);
  expect(result.checks[0]?.also).toEqual(['GET /3 ("reads"): 500']);
  expect(consoleReport(result)).toContain('also      GET /3 ("reads"): 500');
});

test("a green badge names what is no pass", () => {
  const verdicts = [pass, verdict("GET-25", "note", { level: "MAY" }), verdict("CRE-34", "n/a")];
  const badge = JSON.parse(badgeReport(resultOf(outcome(...verdicts), about))) as unknown;
  expect(badge).toMatchObject({ message: "1 pass, 1 note, 1 n/a", color: "brightgreen" });
});

describe("a fault of a run's life that breaks two rules", () => {
  const id = "0b9e1c2a";
  const read = (number: number, status: string): Exchange => ({
    number,
    scenario: "lives",
    meaning: { act: "read", runId: id, exact: true },
    request: { method: "GET", path: `/workflow-runs/${id}` },
    response: {
      status: 200,
      headers: { "content-type": "application/json" },
      body: Buffer.from(JSON.stringify({ run_id: id, status, progress: 100 })),
      continued: false,
    },
    start: number,
    end: number + 0.5,
    again: `curl http://127.0.0.1:1/workflow-runs/${id}`,
    answerOwed: true,
  });
  const broken = (check: CheckId) =>
    verdict(check, "fail", { observed: "it went back", exchanges: [1, 2], again: "curl -i x" });
  const result = resultOf(
    {
      ...outcome(broken("LIF-03"), broken("LIF-14")),
      exchanges: [read(1, "done"), read(2, "cancelled")],
    },
    about,
  );

  it("is shown in full once in a terminal", () => {
    const text = consoleReport(result);
    expect(text.split("< {").length - 1).toBe(2);
    expect(text).toContain("timeline: as with LIF-03");
  });

  it("is seen again by a run of the suite, not by a read of a run that is over", () => {
    for (const report of [consoleReport(result), markdownReport(result)]) {
      expect(report).not.toContain("curl");
      expect(report).toContain("--only LIF-03,LIF-14");
    }
    expect(junitReport(result)).toContain("again: the same command with --only LIF-14");
  });
});

test("a form is shown letter by letter as it was sent, and its picture by its first bytes", () => {
  const picture = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0xff, 0xfe]);
  const parts = [
    { name: "model_id", content: "a/model" },
    { name: "image", filename: "a.png", type: "image/png", content: picture },
  ];
  const usual = multipart(parts).body.toString("latin1");
  const odd = usual.replaceAll("Content-Disposition", "CONTENT-disposition");
  const request = { method: "POST", path: "/", body: Buffer.from(`Before.\r\n${odd}`, "latin1") };
  const exchange: Exchange = {
    number: 1,
    scenario: "dialects",
    meaning: { act: "create" },
    request,
    parts,
    start: 0,
    end: 1,
    again: "",
    answerOwed: true,
  };
  expect(shown(exchange, [], 0).request.body).toBe(
    `Before.\r\n${odd}`
      .replace(picture.toString("latin1"), readable(picture))
      .replaceAll("\r\n", "\n"),
  );
});
