import { readFile } from "node:fs/promises";
import path from "node:path";

import type { Browser, BrowserContextOptions, Download, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, vi } from "vitest";

import { openBrowser } from "./browser.ts";
import { type Server, startServer } from "./server.ts";

const EXAMPLES = path.resolve(import.meta.dirname, "../../../../examples");
/** A picture of the examples, by its name without the ending. */
export const example = (name: string): string => path.join(EXAMPLES, `${name}.png`);

export interface Visit extends BrowserContextOptions {
  /** Another server than the file's own. */
  readonly url?: string;
  /** What the browser itself says of a server that is gone, or of a refusal. */
  readonly allowed?: RegExp;
}

/** Somebody who opens the page in a browser of their own. */
export type Visitor = (options?: Visit) => Promise<Page>;

/**
 * One browser, and one server with these flags (null: none), for the tests of a file.
 *
 * After each test, whatever it was about: no error was written to the console, and nothing was
 * asked of another host.
 */
export function onThePage(flags: readonly string[] | null = ["--test-models"]) {
  let server: Server | undefined;
  let browser: Browser;
  let wrong: string[] = [];
  let leave: (() => Promise<void>)[] = [];
  // Many things wait for each other here: a bound against hangs, for a machine that is busy.
  vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });
  beforeAll(async () => {
    [server, browser] = await Promise.all([flags ? startServer(flags) : undefined, openBrowser()]);
  });
  afterEach(async () => {
    await Promise.all(leave.map((each) => each()));
    const found = wrong;
    [wrong, leave] = [[], []];
    expect(found).toEqual([]);
  });
  afterAll(async () => {
    await Promise.all([browser?.close(), server?.remove()]);
  });

  const visit: Visitor = async ({ url = server!.url, allowed, ...options } = {}) => {
    const context = await browser.newContext({
      // Large enough for the desk's layout; a processor draws every pixel of it.
      viewport: { width: 1024, height: 640 },
      reducedMotion: "reduce",
      locale: "en",
      ...options,
    });
    context.setDefaultTimeout(90_000);
    leave.push(() => context.close());
    context.on("page", (page) => {
      page.on("console", (line) => {
        if (line.type() === "error" && !allowed?.test(line.text()))
          wrong.push(`${line.text()} ${line.location().url}`);
      });
      page.on("pageerror", (error) => wrong.push(error.message));
    });
    context.on("request", (request) => {
      if (!/^(?:blob|data):/.test(request.url()) && new URL(request.url()).origin !== url)
        wrong.push(`asked ${request.url()}`);
    });
    const page = await context.newPage();
    await page.goto(url);
    return page;
  };
  return { visit, server: () => server!, browser: () => browser };
}

export const makeButton = (page: Page) => page.getByRole("button", { name: /^Make/ });
export const cards = (page: Page, state: string) => page.locator(`.card[data-state="${state}"]`);
/** Resolves when this many meshes stand on the screen. */
export const shown = async (page: Page, count = 1) =>
  page
    .locator('.viewer[data-phase="shown"]')
    .nth(count - 1)
    .waitFor();

type Files = Parameters<Page["setInputFiles"]>[1];

export async function choose(page: Page, files: Files): Promise<void> {
  await page.locator('input[data-role="chooser"]').setInputFiles(files);
  await makeButton(page).waitFor();
}

/** Chooses a model by the words it says of itself, and sets its params. */
export async function setUp(
  page: Page,
  model: RegExp | string,
  params: Readonly<Record<string, number>> = {},
): Promise<void> {
  await page.locator(".models > summary").click();
  await page.locator(".model-list").getByText(model).click();
  if (Object.keys(params).length === 0) return;
  await page.locator(".settings summary").click();
  for (const [name, value] of Object.entries(params))
    await page.getByRole("spinbutton", { name, exact: true }).fill(String(value));
}

/** A mesh that costs nothing to make. */
export async function makeQuickly(page: Page, files: Files = example("duck")): Promise<void> {
  await choose(page, files);
  await setUp(page, "Puts the picture's SHA-256");
  await makeButton(page).click();
}

export interface TakenHome {
  readonly name: string;
  readonly bytes: Buffer;
}

export async function takeHome(page: Page, name: RegExp): Promise<TakenHome> {
  const [file]: [Download, void] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name }).click(),
  ]);
  return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) };
}
