import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { BROWSER, openBrowser } from "./browser.ts";
import { conformance } from "./command.ts";
import { MUTANTS, type Reference, startReference } from "./reference/index.ts";

const CHECKS = ["GET-01", "GET-03", "GET-09", "GET-17", "CRE-05", "CAN-06"];

let before: Reference;
let after: Reference;
let folder: string;
let codes: readonly (number | null)[];

const file = (name: string) => join(folder, name);
const overridesOf = (name: string) => {
  const mutant = MUTANTS.find((one) => one.name === name);
  if (mutant === undefined) throw new Error(`there is no mutant ${name}`);
  return mutant.overrides;
};

// One server before a change and one after it: two faults are mended, and one is new.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "conformance-written-"));
  before = await startReference({
    ...overridesOf("done-at-99"),
    ...overridesOf("404-as-html"),
  });
  after = await startReference(overridesOf("cancel-done-flips"));
  const check = async (url: string, name: string) => {
    const kinds = ["json", "html", "badge", "ndjson", "junit", "md"];
    const files = kinds.flatMap((kind) => [`--${kind}`, file(`${name}.${kind}`)]);
    const chosen = ["--model", "ref/fast", "--only", CHECKS.join(",")];
    return (await conformance("run", "--url", url, ...chosen, ...files)).code;
  };
  codes = [await check(before.url, "before"), await check(after.url, "after")];
});

afterAll(async () => {
  await Promise.all([before.close(), after.close()]);
  await rm(folder, { recursive: true, force: true });
});

test("the reports are of servers that break the contract", () => {
  expect(codes).toEqual([1, 1]);
});

describe.runIf(BROWSER)("the page", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser.close());

  async function open(size: "desk" | "phone", colorScheme: "light" | "dark", hash = "") {
    const viewport = size === "desk" ? { width: 1280, height: 900 } : { width: 390, height: 844 };
    const page = await browser.newPage({ viewport, colorScheme });
    const said: string[] = [];
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(String(error)));
    page.on("request", (request) => {
      if (/^https?:/.test(request.url())) said.push(`it asks for ${request.url()}`);
    });
    await page.goto(pathToFileURL(file("before.html")).href + hash);
    return { page, said };
  }

  const visible = (page: Page) => page.locator(".check:visible");

  test.each([
    ["desk", "light"],
    ["desk", "dark"],
    ["phone", "light"],
    ["phone", "dark"],
  ] as const)("at the %s, %s, shows the verdict and what is wrong", async (size, scheme) => {
    const { page, said } = await open(size, scheme);
    expect(await page.locator("h1").innerText()).toContain("breaks the contract");
    expect(await page.locator(".bar").getAttribute("aria-label")).toMatch(/\d+ pass.*3 fail/);
    expect(await visible(page).count()).toBe(CHECKS.length);
    expect(await page.locator("#GET-09 .said").innerText()).toContain("progress: 99");
    const wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    expect(wide).toBeLessThanOrEqual(0);
    const dark = await page.evaluate("getComputedStyle(document.body).backgroundColor");
    expect(dark).toBe(scheme === "dark" ? "rgb(16, 18, 22)" : "rgb(246, 247, 249)");
    expect(said).toEqual([]);
    await page.close();
  });

  test("filters by status and by words, and opens the check that its address names", async () => {
    const { page, said } = await open("desk", "light", "#CRE-05");
    expect(await page.locator("#CRE-05 details").getAttribute("open")).not.toBeNull();
    await page.getByRole("checkbox", { name: /pass/ }).uncheck();
    expect(await visible(page).count()).toBe(3);
    expect(await page.locator(".count").innerText()).toBe(`3 of ${CHECKS.length} checks`);
    await page.getByRole("searchbox").fill("unknown run");
    expect(await visible(page).count()).toBe(1);
    expect(await visible(page).getAttribute("id")).toBe("GET-17");
    await page.getByRole("searchbox").fill("");
    expect(await visible(page).count()).toBe(3);
    expect(said).toEqual([]);
    await page.close();
  });

  test("shows what a server said as text, never as markup", async () => {
    const { page } = await open("desk", "light");
    expect(await page.locator("#GET-17").innerText()).toContain("< <h1>Not here</h1>");
    await page.close();
  });
});

test("the badge is one of shields.io", async () => {
  expect(JSON.parse(await readFile(file("before.badge"), "utf8"))).toEqual({
    schemaVersion: 1,
    label: "workflow runs",
    message: "breaks the contract",
    color: "red",
  });
});

test("the stream tells what happens in its order, then every verdict, then the end", async () => {
  const lines = (await readFile(file("before.ndjson"), "utf8")).trimEnd().split("\n");
  const events = lines.map((line) => JSON.parse(line) as { type: string; id?: string });
  const types = events.map(({ type }) => type);
  expect(types[0]).toBe("begin");
  expect(types.indexOf("calibrated")).toBeLessThan(types.indexOf("scenario"));
  expect(types.indexOf("finding")).toBeLessThan(types.indexOf("verdict"));
  const verdicts = events.filter(({ type }) => type === "verdict");
  expect(new Set(verdicts.map(({ id }) => id))).toEqual(new Set(CHECKS));
  expect(verdicts).toHaveLength(CHECKS.length);
  expect(events.at(-1)).toMatchObject({
    type: "end",
    exit_code: 1,
    verdict: "breaks the contract",
  });
});

test("compare says what a change mends and breaks", async () => {
  const pair = [file("before.json"), file("after.json")];
  const { code, out } = await conformance("compare", ...pair, "--json", file("compared.json"));
  expect(code).toBe(1);
  expect(out).toContain("This change mends 3 and breaks 1.");
  expect(out).toMatch(/### Breaks\n\n- \*\*CAN-06\*\*.*\n {2}- expected: .*\n {2}- observed: `/);
  expect(JSON.parse(await readFile(file("compared.json"), "utf8"))).toMatchObject({
    worse: true,
    mends: ["GET-01", "GET-09", "GET-17"],
    breaks: ["CAN-06"],
    stays: [],
  });
});

test("compare is content where nothing gets worse, and says what it can't read", async () => {
  const same = await conformance("compare", file("before.json"), file("before.json"));
  expect(same).toMatchObject({ code: 0 });
  expect(same.out).toContain("mends 0 and breaks 0 (3 stay broken)");
  await writeFile(file("other.json"), "{}");
  const other = await conformance("compare", file("before.json"), file("other.json"));
  expect(other).toMatchObject({ code: 3 });
  expect(other.err).toContain("other.json is no JSON report of this suite: write one with run");
});

test("doctor looks at all that a run depends on", async () => {
  const { code, out } = await conformance("doctor", "--url", after.url, "--model", "ref/fast");
  expect(out).toMatch(/^ok {4}Node \d+/);
  expect(out).toContain("requests leave this machine as they are meant");
  expect(out).toContain(`${after.url} answers, and has the three endpoints`);
  expect(out).toMatch(/ok {4}succeeds: done after \d+ ms/);
  expect(out.includes("WRONG") ? 2 : 0).toBe(code);
});

test("doctor says what to do where nothing listens", async () => {
  const { code, out } = await conformance("doctor", "--url", "http://127.0.0.1:9");
  expect(code).toBe(3);
  expect(out).toContain("WRONG Nothing listens at http://127.0.0.1:9. Start the server");
});
