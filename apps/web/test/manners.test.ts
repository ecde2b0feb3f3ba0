import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import axe from "axe-core";
import type { Page } from "playwright-core";
import { describe, expect, onTestFinished, test } from "vitest";

import { BROWSER } from "./support/browser.ts";
import { choose, example, makeButton, onThePage, setUp, shown, takeHome } from "./support/page.ts";

/** What axe finds wrong with the page as it is now, in light and in dark. */
async function violations(page: Page): Promise<string[]> {
  // By the tool's own channel: the page's policy would run no script of ours by a tag.
  await page.evaluate(axe.source);
  const found: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const wrong = await page.evaluate(async () => {
      const { axe: tool } = window as unknown as {
        axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
      };
      return (await tool.run()).violations;
    });
    for (const { id, nodes } of wrong)
      found.push(`${colorScheme} ${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  }
  return found;
}

/** True when nothing is wider than the window. */
const fits = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);

describe.runIf(BROWSER)("the page's manners", () => {
  const { visit, server, browser } = onThePage();

  test("on a phone, by touch, from an example to an STL", async () => {
    const page = await visit({
      viewport: { width: 375, height: 740 },
      hasTouch: true,
      isMobile: true,
      deviceScaleFactor: 2,
    });
    expect(await page.getByRole("button", { name: "Take a photo" }).isVisible()).toBe(true);
    await page.getByRole("button", { name: "Star" }).tap();
    await makeButton(page).tap();
    await shown(page);
    expect(await fits(page)).toBe(true);
    expect((await takeHome(page, /^STL/)).bytes.length).toBeGreaterThan(84);
    const canvas = page.locator(".viewer canvas");
    const before = await canvas.screenshot();
    await canvas.scrollIntoViewIfNeeded();
    const { x, y, width, height } = (await canvas.boundingBox())!;
    const finger = await page.context().newCDPSession(page);
    for (const [type, share] of [
      ["touchStart", 0.3],
      ["touchMove", 0.4],
      ["touchMove", 0.7],
    ] as const)
      await finger.send("Input.dispatchTouchEvent", {
        type,
        touchPoints: [{ x: x + width * share, y: y + height / 2 }],
      });
    await finger.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
    await expect
      .poll(async () => (await canvas.screenshot()).equals(before), { timeout: 20_000 })
      .toBe(false);
  });

  test("by keyboard alone, from an example to a turned mesh and an STL", async () => {
    const page = await visit();
    const focused = (wanted: ReturnType<Page["locator"]>) =>
      wanted.evaluate((element) => element === document.activeElement);
    const reach = async (wanted: ReturnType<Page["locator"]>) => {
      await wanted.waitFor();
      for (let presses = 0; presses < 60; presses++) {
        if (await focused(wanted)) return;
        await page.keyboard.press("Tab");
      }
      throw new Error(`Tab does not reach ${String(wanted)}`);
    };
    await reach(page.getByRole("button", { name: "Duck" }));
    await page.keyboard.press("Enter");
    await reach(page.locator(".models > summary"));
    await page.keyboard.press("Enter");
    await reach(page.getByRole("radio", { checked: true }));
    const quick = page.getByRole("radio", { name: /^Fingerprint/ });
    while (!(await quick.isChecked())) await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await reach(makeButton(page));
    await page.keyboard.press("Enter");
    await shown(page);
    expect(await page.locator('[role="status"]').last().textContent()).toMatch(/duck.png is done/);
    const canvas = page.locator(".viewer canvas");
    await reach(canvas);
    const before = await canvas.screenshot();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await expect
      .poll(async () => (await canvas.screenshot()).equals(before), { timeout: 20_000 })
      .toBe(false);
    await reach(page.getByRole("button", { name: /^STL/ }));
    const [file] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("Enter")]);
    expect(file.suggestedFilename()).toBe("duck.stl");
  });

  test("axe finds nothing in any state, light or dark", async () => {
    const page = await visit();
    const isClean = async () => expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "Duck" }).waitFor();
    await isClean();
    await choose(page, example("duck"));
    await page.locator(".models > summary").click();
    await isClean();
    await page.locator(".models > summary").click();
    await setUp(page, "Takes a number of steps", { Steps: 1000 });
    await isClean();
    await makeButton(page).click();
    await page.locator(".progress-step", { hasText: /^Step/ }).waitFor();
    await isClean();
    await page.getByRole("button", { name: "Cancel", exact: true }).click();
    await page.getByText("You stopped this one").waitFor();
    await page.getByRole("button", { name: "Again with other settings" }).click();
    await setUp(page, "Puts the picture's SHA-256");
    await makeButton(page).click();
    await shown(page);
    await page.getByText("The same by command").click();
    await isClean();
    await page.getByRole("button", { name: "Side by side" }).click();
    await shown(page);
    await page.getByRole("button", { name: "Forget all" }).click();
    await isClean();
  });

  test("nothing is wider than a window of 320 pixels, in the longer language", async () => {
    const page = await visit({ locale: "de-DE", viewport: { width: 320, height: 640 } });
    await page.getByRole("heading", { name: "Ein Bild hinein, ein Modell heraus" }).waitFor();
    expect(await page.locator("html").getAttribute("lang")).toBe("de");
    expect(await fits(page)).toBe(true);
    await page.locator('input[data-role="chooser"]').setInputFiles(example("duck"));
    await setUp(page, "Puts the picture's SHA-256");
    await page.getByRole("button", { name: "Modell erstellen" }).click();
    await shown(page);
    expect(await fits(page)).toBe(true);
  });

  test("a page of another origin can neither start a run, nor read one, nor show the page", async () => {
    const stranger = createServer((_, res) => {
      res.setHeader("content-type", "text/html").end("<!doctype html><title>Elsewhere</title>");
    });
    await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void stranger.close());
    const { port } = stranger.address() as AddressInfo;
    const context = await browser().newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const answers: string[] = [];
    page.on("response", (answer) => {
      if (answer.url().startsWith(server().url))
        answers.push(`${answer.request().method()} ${answer.status()}`);
    });
    await page.goto(`http://elsewhere.test:${port}`);
    const told = await page.evaluate(async (url) => {
      const form = new FormData();
      form.set("image", new File(["x"], "x.png", { type: "image/png" }));
      form.set("model_id", "test/steps");
      const create = (mode: RequestMode) =>
        fetch(`${url}/workflow-runs/from-image`, { method: "POST", mode, body: form }).then(
          ({ type }) => type,
          () => "refused",
        );
      const read = fetch(`${url}/model/all`).then(
        () => "read",
        () => "refused",
      );
      return [await create("cors"), await create("no-cors"), await read];
    }, server().url);
    // `opaque`: it was sent, and the guard's 403 came back unseen.
    expect(told).toEqual(["refused", "opaque", "refused"]);
    // A form that is sent, with a place of its own to show the answer.
    await page.evaluate((url) => {
      const form = document.createElement("form");
      Object.assign(form, {
        action: `${url}/workflow-runs/from-image`,
        method: "post",
        enctype: "multipart/form-data",
      });
      document.body.append(form);
      form.submit();
    }, server().url);
    await page.waitForURL("**/from-image");
    expect(answers.filter((each) => each.startsWith("POST"))).not.toHaveLength(0);
    expect(answers.filter((each) => !each.endsWith(" 403"))).toEqual([]);

    await page.goto(`http://elsewhere.test:${port}`);
    const inFrame = await page.evaluate(async (url) => {
      const frame = document.createElement("iframe");
      frame.src = url;
      const loaded = new Promise((resolve) => frame.addEventListener("load", resolve));
      document.body.append(frame);
      await loaded;
      return frame.contentDocument === null;
    }, server().url);
    expect(inFrame).toBe(true);
    const frame = page.frames().find((each) => each !== page.mainFrame());
    expect(await frame?.locator("main").count()).toBe(0);
  });

  test("in /docs, the first try succeeds with what stands there", async () => {
    const page = await visit();
    await page.getByRole("link", { name: "For programmers" }).click();
    const create = page.locator(".opblock", { hasText: "from-image" }).first();
    await create.locator(".opblock-summary").click();
    await create.getByRole("button", { name: "Try it out" }).click();
    await create.locator('input[type="file"]').setInputFiles(example("star"));
    await create.getByRole("button", { name: "Execute" }).click();
    const answer = create.locator(".live-responses-table");
    await answer.locator(".response-col_status", { hasText: "200" }).waitFor();
    const runId = /"run_id": "([\w-]+)"/.exec((await answer.textContent()) ?? "")?.[1];
    expect(runId).toBeDefined();

    const read = page.locator("#operations-contract-get");
    await read.locator(".opblock-summary").click();
    await read.getByRole("button", { name: "Try it out" }).click();
    await read.getByPlaceholder("run_id").fill(runId!);
    await read.getByRole("button", { name: "Execute" }).click();
    await read.locator(".live-responses-table", { hasText: `"run_id": "${runId}"` }).waitFor();
  });
});
