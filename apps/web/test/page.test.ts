import { readFile } from "node:fs/promises";
import path from "node:path";

import axe from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

import { BROWSER, openBrowser } from "./support/browser.ts";
import { type Server, startServer } from "./support/server.ts";

const examples = path.resolve(import.meta.dirname, "../../../examples");
const duck = path.join(examples, "duck.png");

/** What a page must never do, collected while a test runs. */
interface Watch {
  readonly page: Page;
  readonly errors: string[];
  readonly elsewhere: string[];
}

if (!BROWSER && process.env["CI"])
  throw new Error("No browser was found, and CI must not leave these tests out. Install chromium.");
if (!BROWSER)
  process.stderr.write(
    "\nLEFT OUT: the tests of the page. They need chromium; CHROMIUM names it.\n",
  );

describe.runIf(BROWSER)("the page", () => {
  let server: Server;
  let browser: Browser;
  beforeAll(async () => {
    [server, browser] = await Promise.all([startServer(["--test-models"]), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.remove();
  });

  /** A browser of somebody who has never been here. */
  async function visit(
    options: BrowserContextOptions = {},
    { url }: Pick<Server, "url"> = server,
  ): Promise<Watch> {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 800 },
      reducedMotion: "reduce",
      locale: "en",
      acceptDownloads: true,
      ...options,
    });
    onTestFinished(() => context.close());
    const errors: string[] = [];
    const elsewhere: string[] = [];
    context.on("page", (page) => {
      page.on("console", (line) => line.type() === "error" && errors.push(line.text()));
      page.on("pageerror", (error) => errors.push(error.message));
    });
    context.on("request", (request) => {
      if (!/^(blob|data):/.test(request.url()) && new URL(request.url()).origin !== url)
        elsewhere.push(request.url());
    });
    const page = await context.newPage();
    await page.goto(url);
    return { page, errors, elsewhere };
  }

  const make = (page: Page) => page.getByRole("button", { name: /^Make/ });
  const cards = (page: Page, state: string) => page.locator(`.card[data-state="${state}"]`);
  const shown = (page: Page) => page.locator('.viewer[data-phase="shown"]').waitFor();

  async function choose(
    page: Page,
    files: string | { name: string; mimeType: string; buffer: Buffer }[],
  ) {
    await page.locator('input[data-role="chooser"]').setInputFiles(files);
    await make(page).waitFor();
  }

  /** Starts a run of the model that takes its time. */
  async function startSlow(page: Page, steps: number, stepMs: number) {
    await choose(page, duck);
    await page.getByText("Takes a number of steps").click();
    await page.locator(".settings summary").click();
    await page.getByRole("spinbutton", { name: "Steps" }).fill(String(steps));
    await page.getByRole("spinbutton", { name: "Milliseconds" }).fill(String(stepMs));
    await make(page).click();
  }

  async function download(page: Page, name: RegExp) {
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name }).click(),
    ]);
    return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) };
  }

  async function violations(page: Page): Promise<string[]> {
    // By the tool's own channel: the page's policy would run no script of ours by a tag.
    await page.evaluate(axe.source);
    const found = await page.evaluate(async () => {
      const { axe: tool } = window as unknown as {
        axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
      };
      return (await tool.run()).violations;
    });
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  }

  test("a dropped picture becomes a mesh on the screen and an STL on disk", async () => {
    const { page, errors, elsewhere } = await visit();
    const bytes = await readFile(duck, "base64");
    await page.evaluate((content) => {
      const files = new DataTransfer();
      const picture = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
      files.items.add(new File([picture], "duck.png", { type: "image/png" }));
      for (const type of ["dragover", "drop"])
        window.dispatchEvent(new DragEvent(type, { dataTransfer: files, bubbles: true }));
    }, bytes);
    await make(page).click();
    await shown(page);
    expect(await page.locator(".figures").textContent()).toMatch(/mm.*[\d,]+ triangles/);

    const stl = await download(page, /^STL/);
    expect(stl.name).toBe("duck.stl");
    expect(stl.bytes.length).toBe(84 + 50 * stl.bytes.readUInt32LE(80));
    const glb = await download(page, /^GLB/);
    expect(glb.bytes.subarray(0, 4).toString()).toBe("glTF");
    expect(glb.bytes.readUInt32LE(8)).toBe(glb.bytes.length);

    await page.getByRole("button", { name: "Compare with the picture" }).click();
    await page.getByRole("slider", { name: "Share of the picture" }).press("ArrowRight");
    for (const name of ["Wireframe", "Without texture", "Dimensions"])
      await page.getByRole("button", { name }).click();
    expect(errors).toEqual([]);
    expect(elsewhere).toEqual([]);
  });

  test("a run goes on over a reload, and over a server that is killed", async () => {
    const own = await startServer(["--test-models"]);
    onTestFinished(() => own.remove());
    const { page } = await visit({}, own);
    await startSlow(page, 12, 250);
    await page
      .getByText(/^Step \d+ of 12$/)
      .first()
      .waitFor();
    await page.reload();
    await page
      .getByText(/^Step \d+ of 12$/)
      .first()
      .waitFor();
    await own.kill();
    await page.locator(".banner").waitFor();
    await own.restart();
    await shown(page);
    await expect.poll(() => cards(page, "done").count()).toBe(1);
  });

  test("a cancelled run stops, in both tabs", async () => {
    const { page } = await visit();
    const other = await page.context().newPage();
    await other.goto(server.url);
    await startSlow(page, 1000, 100);
    await cards(other, "running").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("You stopped this one").waitFor();
    await cards(other, "cancelled").waitFor();
    expect(await page.locator('[role="status"]').last().textContent()).toMatch(/Cancelled/);
  });

  test("what fails says so in the server's words", async () => {
    const { page } = await visit();
    await choose(page, [
      { name: "broken.png", mimeType: "image/png", buffer: Buffer.from("no picture") },
    ]);
    await make(page).click();
    await page.getByText("Refused", { exact: true }).first().waitFor();
    expect(await page.locator(".ended-why").textContent()).toMatch(/picture/);
    await choose(page, duck);
    await page.getByText("Fails after a moment").click();
    await make(page).click();
    await page.getByText("The test model fails, as it was asked to.").first().waitFor();
  });

  test("a server that wants a token is opened with it, for this session", async () => {
    const own = await startServer(["--test-models", "--token=open-sesame"]);
    onTestFinished(() => own.remove());
    const { page } = await visit({}, own);
    const field = page.getByLabel("Token", { exact: true });
    await field.fill("wrong");
    await page.getByRole("button", { name: "Open" }).click();
    await page.getByText("did not take this token").waitFor();
    await field.fill("open-sesame");
    await page.getByRole("button", { name: "Open" }).click();
    await choose(page, duck);
    await page.getByText("Takes a number of steps").click();
    await make(page).click();
    await shown(page);
    await page.reload();
    await shown(page);
    expect(await page.getByLabel("Token", { exact: true }).count()).toBe(0);
  });

  test("forty pictures at once become forty runs", async () => {
    const { page } = await visit();
    const buffer = await readFile(path.join(examples, "star.png"));
    const files = Array.from({ length: 40 }, (_, index) => ({
      name: `star-${index}.png`,
      mimeType: "image/png",
      buffer,
    }));
    await choose(page, files);
    await page.getByText("Puts the picture's SHA-256").click();
    await page.getByRole("button", { name: "Make 40 meshes" }).click();
    await expect.poll(() => cards(page, "done").count(), { timeout: 50_000 }).toBe(40);
  });

  test("on a phone, by touch, from an example to a mesh", async () => {
    const { page, errors } = await visit({
      viewport: { width: 375, height: 740 },
      hasTouch: true,
      isMobile: true,
      deviceScaleFactor: 2,
    });
    expect(await page.getByRole("button", { name: "Take a photo" }).isVisible()).toBe(true);
    await page.getByRole("button", { name: "Star" }).tap();
    await make(page).tap();
    await shown(page);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBe(375);
    expect((await download(page, /^STL/)).bytes.length).toBeGreaterThan(84);
    expect(errors).toEqual([]);
  });

  test("by keyboard alone, from an example to a turned mesh", async () => {
    const { page } = await visit();
    const reach = async (name: string | RegExp) => {
      const wanted = page.getByRole("button", { name }).first();
      await wanted.waitFor();
      for (let presses = 0; presses < 40; presses++) {
        if (await wanted.evaluate((element) => element === document.activeElement)) return;
        await page.keyboard.press("Tab");
      }
      throw new Error(`Tab does not reach ${String(name)}`);
    };
    await reach("Duck");
    await page.keyboard.press("Enter");
    await reach(/^Make/);
    await page.keyboard.press("Enter");
    await shown(page);
    const canvas = page.locator(".viewer canvas");
    await canvas.focus();
    const before = await canvas.screenshot();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await expect.poll(async () => (await canvas.screenshot()).equals(before)).toBe(false);
  });

  test.each(["light", "dark"] as const)("axe finds nothing, %s", async (colorScheme) => {
    const { page } = await visit({ colorScheme });
    await page.getByRole("button", { name: "Duck" }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "Duck" }).click();
    await page.getByText("Takes a number of steps").click();
    await page.locator(".settings summary").click();
    await page.getByRole("spinbutton", { name: "Steps" }).waitFor();
    expect(await violations(page)).toEqual([]);
    await make(page).click();
    await shown(page);
    await page.getByText("The same by command").click();
    expect(await violations(page)).toEqual([]);
  });

  test("it speaks German to whoever does", async () => {
    const { page } = await visit({ locale: "de-DE" });
    await page.getByRole("heading", { name: "Ein Bild hinein, ein Modell heraus" }).waitFor();
    expect(await page.locator("html").getAttribute("lang")).toBe("de");
  });
});
