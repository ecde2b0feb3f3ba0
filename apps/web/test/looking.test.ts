import { describe, expect, test } from "vitest";

import { BROWSER } from "./support/browser.ts";
import {
  choose,
  example,
  makeButton,
  makeQuickly,
  onThePage,
  setUp,
  shown,
  takeHome,
} from "./support/page.ts";

describe.runIf(BROWSER)("looking at a mesh, and taking it home", () => {
  const { visit } = onThePage();

  test("a duck is made, looked at from all sides, and taken home in every format", async () => {
    const page = await visit();
    await page.getByRole("button", { name: "Duck" }).click();
    await makeButton(page).click();
    await shown(page);
    expect(await page.locator(".figures").textContent()).toMatch(/mm.*[\d,]+ triangles/);

    await page.getByRole("spinbutton", { name: "Longest side" }).fill("40");
    const stl = await takeHome(page, /^STL/);
    expect(stl.name).toBe("duck.stl");
    const triangles = stl.bytes.readUInt32LE(80);
    expect(stl.bytes.length).toBe(84 + 50 * triangles);
    expect(await page.locator(".figures").textContent()).toContain(
      `${triangles.toLocaleString("en")} triangles`,
    );
    const low = [Infinity, Infinity, Infinity];
    const high = [-Infinity, -Infinity, -Infinity];
    for (let corner = 0; corner < 3 * triangles; corner++)
      for (let axis = 0; axis < 3; axis++) {
        const at = 84 + 50 * Math.floor(corner / 3) + 12 + 12 * (corner % 3) + 4 * axis;
        const length = stl.bytes.readFloatLE(at);
        low[axis] = Math.min(low[axis]!, length);
        high[axis] = Math.max(high[axis]!, length);
      }
    expect(Math.max(...high.map((each, axis) => each - low[axis]!))).toBeCloseTo(40, 3);

    const glb = await takeHome(page, /^GLB/);
    expect(glb.bytes.subarray(0, 4).toString()).toBe("glTF");
    expect(glb.bytes.readUInt32LE(8)).toBe(glb.bytes.length);
    expect((await takeHome(page, /^PLY/)).bytes.toString("latin1", 0, 3)).toBe("ply");
    expect((await takeHome(page, /^OBJ/)).bytes.toString("latin1")).toMatch(/^f \d/m);
    expect((await takeHome(page, /^3MF/)).bytes.toString("latin1", 0, 2)).toBe("PK");
    const picture = await takeHome(page, /^PNG/);
    expect(picture.bytes.subarray(1, 4).toString()).toBe("PNG");
    expect(picture.bytes.readUInt32BE(16)).toBe(2048);

    const canvas = page.locator(".viewer canvas");
    let before = await canvas.screenshot();
    const changes = () =>
      expect
        .poll(
          async () => {
            const now = await canvas.screenshot();
            const changed = !now.equals(before);
            before = now;
            return changed;
          },
          { timeout: 20_000 },
        )
        .toBe(true);
    const hint = page.locator(".turn-hint");
    await hint.waitFor();
    await canvas.hover();
    await page.mouse.down();
    await page.mouse.move(500, 200, { steps: 3 });
    await page.mouse.up();
    await changes();
    await hint.waitFor({ state: "detached" });
    for (const name of ["Wireframe", "Without texture", "Dimensions", "Front view"]) {
      await page.getByRole("button", { name }).click();
      await changes();
    }
    const lengths = await page.locator(".dimension").allTextContents();
    expect(lengths).toHaveLength(3);
    expect(lengths).toContain("40 mm");
    expect(await page.locator(".figures").textContent()).toContain(
      lengths.map((each) => each.replace(" mm", "")).join(" × "),
    );
    await page.getByRole("button", { name: "Compare with the picture" }).click();
    await page.getByRole("slider", { name: "Share of the picture" }).press("ArrowRight");
    expect(await page.locator(".compare").getAttribute("style")).toMatch(/--share: 0.51/);
  });

  test("several results stand side by side, and turn together", async () => {
    const page = await visit();
    await makeQuickly(page);
    await shown(page);
    // The same picture again, by another model and with other params.
    await page.getByRole("button", { name: "Again with other settings" }).click();
    await setUp(page, "Takes a number of steps", { Steps: 2 });
    await makeButton(page).click();
    await page.locator(".made", { hasText: "steps 2" }).waitFor();
    await shown(page);
    await page.getByRole("button", { name: "Side by side" }).click();
    await page.locator(".card", { hasText: "Fingerprint" }).getByRole("button").click();
    await shown(page, 2);
    const [first, second] = [0, 1].map((at) => page.locator(".beside canvas").nth(at));
    expect(await page.locator(".beside figcaption").allTextContents()).toEqual([
      expect.stringContaining("steps 2"),
      expect.stringContaining("Fingerprint"),
    ]);
    const before = await second!.screenshot();
    await first!.press("ArrowRight");
    await expect
      .poll(async () => (await second!.screenshot()).equals(before), { timeout: 20_000 })
      .toBe(false);
    await page.getByRole("button", { name: "One alone" }).click();
    await page.locator(".beside").waitFor({ state: "detached" });
  });

  test("a mesh of 30 MB is shown, and taken home whole", async () => {
    const page = await visit({ viewport: { width: 640, height: 480 } });
    await choose(page, example("star"));
    await setUp(page, "Makes a ball", { Triangles: 1_320_000 });
    await makeButton(page).click();
    await shown(page);
    expect(await page.locator(".figures").textContent()).toMatch(/1,3\d\d,\d{3} triangles/);
    const glb = await takeHome(page, /^GLB/);
    expect(glb.bytes.length).toBeGreaterThan(30_000_000);
    expect(glb.bytes.readUInt32LE(8)).toBe(glb.bytes.length);
  });
});
