import { readFile } from "node:fs/promises";

import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";

import { BROWSER } from "./support/browser.ts";
import { cards, choose, example, makeButton, onThePage, setUp, shown } from "./support/page.ts";

/** Lets the page have a file the way a person's hand would: by a drop or a paste. */
async function hand(page: Page, how: "drop" | "paste", name: string): Promise<void> {
  const content = await readFile(example(name), "base64");
  await page.getByRole("main").waitFor();
  await page.evaluate(
    ([base64, file, way]) => {
      const data = new DataTransfer();
      const bytes = Uint8Array.from(atob(base64!), (each) => each.charCodeAt(0));
      data.items.add(new File([bytes], file!, { type: "image/png" }));
      const options = { bubbles: true, cancelable: true };
      if (way === "paste")
        document.body.dispatchEvent(
          new ClipboardEvent("paste", { ...options, clipboardData: data }),
        );
      else
        for (const type of ["dragover", "drop"])
          document.body.dispatchEvent(new DragEvent(type, { ...options, dataTransfer: data }));
    },
    [content, `${name}.png`, how],
  );
}

describe.runIf(BROWSER)("making a mesh in the page", () => {
  const { visit, server } = onThePage();

  test("pictures come by a drop, a paste, a choice and a camera, and each becomes a run", async () => {
    const page = await visit({ hasTouch: true });
    await hand(page, "drop", "duck");
    await page.getByRole("img", { name: "duck.png" }).waitFor();
    await hand(page, "paste", "mug");
    await page.getByRole("img", { name: "mug.png" }).waitFor();
    await choose(page, example("star"));
    await page.getByRole("img", { name: "star.png" }).waitFor();
    await page.getByRole("button", { name: "Remove duck.png" }).click();
    await setUp(page, "Puts the picture's SHA-256");
    await page.getByRole("button", { name: "Make 2 meshes" }).click();
    await shown(page);
    await cards(page, "done").nth(1).waitFor();

    const [camera] = await Promise.all([
      page.waitForEvent("filechooser"),
      page.getByRole("button", { name: "Take a photo" }).click(),
    ]);
    expect(await camera.element().getAttribute("capture")).toBe("environment");
    await camera.setFiles(example("duck"));
    await page.getByRole("img", { name: "duck.png" }).first().waitFor();
    await makeButton(page).click();
    await cards(page, "done").nth(2).waitFor();
  });

  test("the form sends what differs from the model's defaults, and nothing else", async () => {
    const page = await visit();
    // What goes over the wire as a form with a file in it is not shown to the tool.
    await page.addInitScript(() => {
      const original = window.fetch;
      window.fetch = (to, init) => {
        if (init?.body instanceof FormData)
          Object.assign(window, {
            sent: Object.fromEntries(
              Array.from(init.body, ([name, value]) => [
                name,
                value instanceof File ? value.name : value,
              ]),
            ),
          });
        return original(to, init);
      };
    });
    await page.reload();
    await choose(page, example("star"));
    await setUp(page, "Takes a number of steps", { Steps: 0 });
    await page.getByText("From 1 to 100,000").waitFor();
    expect(await makeButton(page).isDisabled()).toBe(true);
    await page.getByRole("spinbutton", { name: "Steps" }).fill("2");
    await page.getByRole("spinbutton", { name: "Milliseconds a step" }).fill("7");
    await page.getByRole("button", { name: "Milliseconds a step: Back to the default" }).click();
    await makeButton(page).click();
    await shown(page);
    expect(await page.locator(".made").textContent()).toContain("steps 2");
    const sent = await page.evaluate(() => (window as unknown as { sent: unknown }).sent);
    expect(sent).toEqual({ model_id: "test/steps", params: '{"steps":2}', image: "image" });
  });

  test("a cancelled run stops, in both tabs", async () => {
    const page = await visit();
    const other = await page.context().newPage();
    await other.goto(server().url);
    await choose(page, example("duck"));
    await setUp(page, "Takes a number of steps", { Steps: 1000 });
    await makeButton(page).click();
    await cards(other, "running").waitFor();
    await page.getByRole("button", { name: "Cancel", exact: true }).click();
    await page.getByText("You stopped this one").waitFor();
    await cards(other, "cancelled").waitFor();
    expect(await page.locator('[role="status"]').last().textContent()).toMatch(/Cancelled/);
  });

  test("what waits says how many are before it, and the steps are told in their words", async () => {
    const page = await visit();
    await choose(
      page,
      [1, 2, 3, 4, 5].map(() => example("star")),
    );
    await setUp(page, "Takes a number of steps", { Steps: 1000 });
    await makeButton(page).click();
    await page.locator(".progress-step", { hasText: /^Step \d+ of 1000$/ }).waitFor();
    expect(await page.locator(".progress-time").textContent()).toMatch(/^0 % · [\d.]+ s so far$/);
    // All are sent by now; the newest is the last in line.
    await cards(page, "sending").first().waitFor({ state: "detached" });
    await cards(page, "pending").first().getByRole("button").first().click();
    await page.locator(".progress-step", { hasText: /before it|Next in line/ }).waitFor();
    for (let left = 5; left > 0; left--) {
      await page.getByRole("button", { name: "Cancel", exact: true }).click();
      await page.getByText("You stopped this one").waitFor();
      const next = page.locator('.card:is([data-state="pending"], [data-state="running"])');
      if (left > 1) await next.first().getByRole("button").first().click();
    }
  });

  test("what fails says so in the server's words", async () => {
    const page = await visit({ allowed: /status of 400/ });
    await choose(page, [
      { name: "broken.png", mimeType: "image/png", buffer: Buffer.from("no picture") },
    ]);
    await makeButton(page).click();
    await page.getByText("Refused", { exact: true }).first().waitFor();
    expect(await page.locator(".ended-why").textContent()).toMatch(/picture/);
    await choose(page, example("duck"));
    await setUp(page, "Fails after a moment");
    await makeButton(page).click();
    await page.getByText("The test model fails, as it was asked to.").first().waitFor();
  });

  test("forty pictures at once become forty runs", async () => {
    const page = await visit();
    const buffer = await readFile(example("star"));
    await choose(
      page,
      Array.from({ length: 40 }, (_, index) => ({
        name: `star-${index}.png`,
        mimeType: "image/png",
        buffer,
      })),
    );
    await setUp(page, "Puts the picture's SHA-256");
    await page.getByRole("button", { name: "Make 40 meshes" }).click();
    await cards(page, "done").nth(39).waitFor();
    expect(await cards(page, "done").count()).toBe(40);
  });
});
