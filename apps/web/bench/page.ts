// How soon the page can be used on a slow machine, and how smoothly a large mesh turns.
import type { Browser } from "playwright-core";

import { openBrowser } from "../test/support/browser.ts";
import { choose, example, makeButton, setUp, shown } from "../test/support/page.ts";
import { startServer } from "../test/support/server.ts";

const SLOWER = 4;
const VISITS = 5;
const TRIANGLES = 100_000;
const SECONDS = 5;

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Milliseconds until the form is painted, by somebody who has never been here. */
async function firstPaint(browser: Browser, url: string): Promise<number> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const tools = await context.newCDPSession(page);
  await tools.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
  await page.goto(url);
  await page.getByRole("button", { name: "Choose pictures" }).waitFor();
  // The document itself is empty: what is painted first is the form.
  const paint = await page.evaluate(
    () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
  );
  await context.close();
  return paint ?? Number.NaN;
}

/** Frames in a second while a mesh turns by itself. */
async function frames(browser: Browser, url: string, [width, height]: [number, number]) {
  const page = await browser.newPage({ viewport: { width, height } });
  await page.goto(url);
  await choose(page, example("star"));
  await setUp(page, "Makes a ball", { Triangles: TRIANGLES });
  await makeButton(page).click();
  await shown(page);
  await page.getByRole("button", { name: "Turntable" }).click();
  const drawn = await page.evaluate(async (ms) => {
    const start = performance.now();
    let count = 0;
    for (; performance.now() - start < ms; count++)
      await new Promise((resolve) => requestAnimationFrame(resolve));
    return (1000 * count) / (performance.now() - start);
  }, SECONDS * 1000);
  const canvas = await page.locator(".viewer canvas").boundingBox();
  await page.close();
  return { drawn, pixels: `${canvas?.width} x ${canvas?.height}` };
}

const server = await startServer(["--test-models"]);
const browser = await openBrowser();
try {
  const paints: number[] = [];
  for (let visit = 0; visit < VISITS; visit++) paints.push(await firstPaint(browser, server.url));
  console.log(
    `First paint of the form, CPU ${SLOWER} times slower: ${Math.round(median(paints))} ms ` +
      `(of ${VISITS}: ${paints.map(Math.round).join(", ")})`,
  );
  for (const size of [
    [375, 740],
    [1280, 800],
  ] as [number, number][]) {
    const { drawn, pixels } = await frames(browser, server.url, size);
    console.log(
      `A mesh of ${TRIANGLES.toLocaleString("en")} triangles turns at ${drawn.toFixed(1)} frames ` +
        `a second, drawn by the processor, ${pixels} pixels`,
    );
  }
} finally {
  await browser.close();
  await server.remove();
}
