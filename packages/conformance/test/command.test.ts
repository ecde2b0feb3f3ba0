import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { explain } from "../src/commands/catalogue.ts";
import { CHECK_IDS } from "../src/index.ts";
import { loadTarget } from "../src/target/load.ts";
import { conformance } from "./command.ts";
import { type Reference, startReference } from "./reference/index.ts";

// Each starts several processes: a bound against hangs.
vi.setConfig({ testTimeout: 240_000 });

let reference: Reference;
let folder: string;
beforeAll(async () => {
  reference = await startReference();
  folder = await mkdtemp(join(tmpdir(), "conformance-command-"));
});
afterAll(async () => {
  await reference.close();
  await rm(folder, { recursive: true, force: true });
});

test("list names every check, explain one of them", async () => {
  const { out } = await conformance("list");
  expect(out.trim().split("\n")).toHaveLength(CHECK_IDS.length);
  const explained = await conformance("explain", "can-15");
  expect(explained.out).toContain("Cancel ended A beside running B");
  expect((await explain("CAN-99")).code).toBe(3);
  const rule = (await explain("r-p4")).out;
  expect(rule).toContain("CRE-08 (SHOULD)");
  expect(rule).toContain("In the specification: R-P4");
});

test("hardening is asked for by name, and has a verdict of its own", async () => {
  const only = ["--only", "SEC-02,SEC-16"];
  const { code, out } = await conformance(
    "run",
    "--url",
    reference.url,
    "--set",
    "hardening",
    ...only,
  );
  expect(code).toBe(0);
  expect(out).toContain("is fit to be trusted");
});

test("a model alone gives a decisive verdict on the core", async () => {
  const { code, out } = await conformance("run", "--url", reference.url, "--model", "ref/fast");
  expect(out).toContain("blocked 0");
  expect(code).toBe(0);
});

test("init writes over nothing that somebody wrote, unless it is told to", async () => {
  const file = join(folder, "mine.yaml");
  await writeFile(file, "base_url: http://127.0.0.1:1\n");
  const init = ["init", "--url", reference.url, "--model", "ref/fast", "-o", file] as const;
  const refused = await conformance(...init);
  expect(refused).toMatchObject({ code: 3, err: expect.stringContaining("--force") });
  expect(await readFile(file, "utf8")).toBe("base_url: http://127.0.0.1:1\n");
  expect((await conformance(...init, "--force")).code).toBe(0);
});

test("init writes what it measured, and run can use it", async () => {
  const file = join(folder, "target.yaml");
  expect(
    (await conformance("init", "--url", reference.url, "--model", "ref/fast", "-o", file)).code,
  ).toBe(0);
  expect(await readFile(file, "utf8")).toMatch(
    /Seen: done after \d+ ms\n {2}succeeds: .*ref\/fast/,
  );
  const { code } = await conformance("run", "--config", file, "--only", "CRE-01,GET-01");
  expect(code).toBe(0);
});

test("a wrong configuration is refused with the line", async () => {
  const file = join(folder, "wrong.yaml");
  const cases: [string, string[]][] = [
    [
      "base_url: http://x\nlane: 3\ntime_scale: slow\n",
      [":2 lane is not a setting", ':3 time_scale must be "auto" or a number'],
    ],
    [
      "base_url: http://x\nsituations:\n  succeeds: {model_id: 3}\n  long: {}\ncapabilities: [pid]\nhooks: {restart: {timeout_ms: 5}}\n",
      [
        ":3 situations.succeeds.model_id must be a text",
        ":4 situations.long is not a situation",
        ":5 capabilities: pid is unknown",
        ":6 hooks.restart must be a mapping with command",
      ],
    ],
    ["base_url: x\n\tprofile: strict\n", [":2 is not YAML"]],
  ];
  for (const [text, sentences] of cases) {
    await writeFile(file, text);
    const { code, err } = await conformance("run", "--config", file);
    expect({ text, code }).toEqual({ text, code: 3 });
    for (const sentence of sentences) expect(err).toContain(file + sentence);
  }
});

test("a preset whose models the server lacks says how they come into it", async () => {
  const presets = [
    ["modly-runs", /needs the models test\/steps, test\/fail, .*npm run dev -- --test-models\./],
    [
      "modly",
      /needs the models modly-runs-fixture\/driven, .*Copy \/.*\/fixtures\/modly-extension/,
    ],
  ] as const;
  for (const [preset, sentence] of presets) {
    const { code, err } = await conformance("run", "--url", reference.url, "--preset", preset);
    expect(code).toBe(3);
    expect(err).toMatch(sentence);
  }
});

test("a baseline entry of a check that passes is stale and fails", async () => {
  const file = join(folder, "baseline.yaml");
  await writeFile(
    file,
    "known:\n  - {id: CRE-01, reason: old, link: 'https://example.org/1'}\n  - {id: CRE-99, reason: typo, link: 'https://example.org/2'}\n",
  );
  const { code, out } = await conformance(
    "run",
    "--url",
    reference.url,
    "--model",
    "ref/fast",
    "--only",
    "CRE-01",
    "--baseline",
    file,
  );
  expect(code).toBe(1);
  expect(out).toContain("CRE-01: it passes now");
  expect(out).toContain("CRE-99: there is no such check");
});

test("wrong usage is exit 3 with a sentence", async () => {
  for (const args of [["run"], ["run", "--url", reference.url, "--only", "CRE-1"], ["nonsense"]]) {
    const { code, err } = await conformance(...args);
    expect({ args, code }).toEqual({ args, code: 3 });
    expect(err).not.toMatch(/^\s+at .+:\d+/m);
  }
  expect(await loadTarget({ preset: "nope" })).toContain("There is no preset nope");
  expect(await loadTarget({ config: "/no/such.yaml" })).toContain("there is no such file");
});
