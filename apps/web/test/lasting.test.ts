import { describe, expect, onTestFinished, test } from "vitest";

import { BROWSER } from "./support/browser.ts";
import {
  cards,
  choose,
  example,
  makeButton,
  makeQuickly,
  onThePage,
  setUp,
  shown,
} from "./support/page.ts";
import { startServer } from "./support/server.ts";

describe.runIf(BROWSER)("what the page keeps", () => {
  const { visit, server } = onThePage();

  test("a run goes on over a reload, and over a server that is killed", async () => {
    const page = await visit({ allowed: /Failed to load|ERR_/ });
    await choose(page, example("duck"));
    await setUp(page, "Takes a number of steps", { Steps: 12, "Milliseconds a step": 250 });
    await makeButton(page).click();
    const step = page.locator(".progress-step", { hasText: /^Step \d+ of 12$/ });
    await step.waitFor();
    await page.reload();
    await step.waitFor();
    await server().kill();
    await page.locator(".banner").waitFor();
    await server().restart();
    await shown(page);
    expect(await cards(page, "done").count()).toBe(1);
  });

  test("a create that was cut off is sent again, and is one run", async () => {
    const page = await visit({ allowed: /Failed to load|ERR_/ });
    await choose(page, example("duck"));
    await setUp(page, "Puts the picture's SHA-256");
    await server().kill();
    await makeButton(page).click();
    await page.locator(".banner").waitFor();
    await cards(page, "sending").waitFor();
    await page.reload().catch(() => undefined);
    await server().restart();
    await page.goto(server().url);
    await shown(page);
    expect(await cards(page, "done").count()).toBe(1);
  });

  test("what is forgotten is gone in all tabs, and stays gone", async () => {
    const page = await visit();
    await makeQuickly(page);
    await shown(page);
    const other = await page.context().newPage();
    await other.goto(page.url());
    await cards(other, "done").waitFor();
    await page.getByRole("button", { name: "Forget all" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Forget" }).click();
    await cards(other, "done").waitFor({ state: "detached" });
    await page.reload();
    await page.getByRole("button", { name: "Duck" }).waitFor();
    expect(await cards(page, "done").count()).toBe(0);
  });

  test("a server that wants a token is opened with it, for this session", async () => {
    const own = await startServer(["--test-models", "--token=open-sesame"]);
    onTestFinished(() => own.remove());
    const page = await visit({ url: own.url, allowed: /status of 401/ });
    const field = page.getByLabel("Token", { exact: true });
    await field.fill("wrong");
    await page.getByRole("button", { name: "Open" }).click();
    await page.getByText("did not take this token").waitFor();
    await field.fill("open-sesame");
    await page.getByRole("button", { name: "Open" }).click();
    await makeQuickly(page);
    await shown(page);
    await page.reload();
    await shown(page);
    const later = await page.context().newPage();
    await later.goto(own.url);
    await later.getByLabel("Token", { exact: true }).waitFor();
    expect(await later.evaluate(() => localStorage.getItem("modly-runs:token"))).toBeNull();
  });
});
