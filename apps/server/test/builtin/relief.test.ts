import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { simplifierReady } from "@modly-runs/mesh/simplify";
import { afterAll, beforeAll, expect, it } from "vitest";
import { make } from "../../src/generators/builtin/make.ts";
import { withDefaults, type Params } from "../../src/generators/builtin/params.ts";
import { readArrays } from "./measure.ts";
import { photograph } from "./set/compose.ts";
import { bricks, clouds, landscape, raw } from "./set/surfaces.ts";

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "modly-runs-relief-"));
  await simplifierReady;
});
afterAll(() => rm(directory, { recursive: true }));

interface Relief {
  /** The mean height over the slab of what lies where a place is inside: 0..1 from the left and from the top. */
  mean(inside: (u: number, v: number) => boolean): number;
  readonly extras: { readonly cues?: readonly string[] };
}

/** A relief without simplifying, so that its vertices lie evenly. */
async function reliefOf(picture: Buffer, params: Partial<Params> = {}): Promise<Relief> {
  const [imagePath, meshPath] = [join(directory, "picture"), join(directory, "mesh.glb")];
  await writeFile(imagePath, picture);
  const asked = withDefaults({ grid: 256, error: 0, ...params });
  const made = await make(
    { model: "builtin/relief", imagePath, meshPath, params: asked },
    () => {},
  );
  expect(made).toEqual({ ok: true });
  const { positions, extras } = await readArrays(await readFile(meshPath));
  const [xs, ys, zs] = [0, 1, 2].map((axis) => positions.filter((_, i) => i % 3 === axis));
  const most = (values: ArrayLike<number>): number =>
    Array.from(values).reduce((a, b) => Math.max(a, b), -Infinity);
  const back = -most(zs!.map((z) => -z));
  const [left, width, height] = [-most(xs!.map((x) => -x)), 0, most(ys!)];
  const right = most(xs!) - left + width;
  return {
    extras,
    mean(inside) {
      let [sum, count] = [0, 0];
      zs!.forEach((z, i) => {
        if (z - back < 1e-4) return;
        if (!inside((xs![i]! - left) / right, 1 - ys![i]! / height)) return;
        sum += z - back - asked.base;
        count++;
      });
      expect(count).toBeGreaterThan(50);
      return sum / count;
    },
  };
}

const SKY = (u: number, v: number): boolean => u > 0.1 && u < 0.9 && v > 0.08 && v < 0.28;
const HILLS = (u: number, v: number): boolean => u > 0.1 && u < 0.9 && v > 0.55 && v < 0.62;
const GROUND = (u: number, v: number): boolean => u > 0.1 && u < 0.9 && v > 0.8 && v < 0.92;

it("puts a bright sky behind the hills, and the hills behind the ground before them", async () => {
  const { mean, extras } = await reliefOf(await landscape().jpeg().toBuffer());
  expect(extras.cues).toEqual(["backdrop"]);
  expect(mean(SKY)).toBeLessThan(0.5 * mean(HILLS));
  expect(mean(HILLS)).toBeLessThan(0.9 * mean(GROUND));
});

it("takes bright for high where it is asked to, as for a height map", async () => {
  const picture = await landscape().jpeg().toBuffer();
  const { mean, extras } = await reliefOf(picture, { order: "brightness" });
  expect(extras.cues).toBeUndefined();
  expect(mean(SKY)).toBeGreaterThan(mean(HILLS));
});

it("puts a pale sky behind dark cliffs", async () => {
  const { mean, extras } = await reliefOf(await photograph("canyon.jpg"));
  expect(extras.cues).toEqual(["backdrop"]);
  const sky = mean((u, v) => u > 0.3 && u < 0.65 && v > 0.1 && v < 0.25);
  const cliffs = mean((u, v) => u > 0.8 && u < 0.92 && v > 0.35 && v < 0.6);
  expect(sky).toBeLessThan(0.6 * cliffs);
});

it("puts a sky of a photograph behind a man in black before it", async () => {
  const { mean, extras } = await reliefOf(await photograph("camera.jpg"));
  expect(extras.cues).toContain("backdrop");
  const sky = mean((u, v) => u > 0.62 && u < 0.9 && v > 0.1 && v < 0.3);
  const coat = mean((u, v) => u > 0.2 && u < 0.35 && v > 0.4 && v < 0.7);
  expect(sky).toBeLessThan(0.6 * coat);
});

it("puts what is in focus before a bright ground that is not", async () => {
  const [fine, broad] = [clouds(31, 8), clouds(32, 60)];
  const inside = (u: number, v: number): boolean => Math.hypot((u - 0.5) * 1.5, v - 0.55) < 0.25;
  const { mean, extras } = await reliefOf(
    await raw(900, 600, (x, y) => {
      if (inside((x + 0.5) / 900, (y + 0.5) / 600)) {
        const v = 70 + 90 * fine(x, y);
        return [v, v * 0.7, v * 0.4];
      }
      const v = 170 + 60 * broad(x, y);
      return [v * 0.7, v, v * 0.6];
    })
      .jpeg({ quality: 92 })
      .toBuffer(),
  );
  expect(extras.cues).toEqual(["focus"]);
  const behind = mean(
    (u, v) =>
      u > 0.1 && u < 0.9 && v > 0.12 && v < 0.88 && Math.hypot((u - 0.5) * 1.5, v - 0.55) > 0.36,
  );
  expect(behind).toBeLessThan(0.6 * mean(inside));
});

it.each([
  ["bricks", () => bricks().jpeg().toBuffer()],
  ["gravel", () => photograph("gravel.jpg")],
  ["a wall", () => photograph("brick.jpg")],
  [
    "fog",
    () =>
      raw(300, 200, (x, y) => [150 + x / 20, 150 + y / 20, 150])
        .png()
        .toBuffer(),
  ],
])("changes nothing by a cue that is not clear: %s", async (_, draw) => {
  expect((await reliefOf(await draw())).extras.cues).toBeUndefined();
});

it("is a plain slab where the picture has one colour", async () => {
  const { mean } = await reliefOf(
    await raw(64, 64, () => [60, 110, 160])
      .png()
      .toBuffer(),
  );
  expect(mean(() => true)).toBeCloseTo(0, 3);
});

it("makes a dark spot less deep than a bright one is high: an eye is no hole", async () => {
  const at = (u: number, v: number, x: number): number => Math.hypot((u - x) * 1.5, v - 0.5);
  const picture = await raw(600, 400, (x, y) => {
    const [u, v] = [x / 600, y / 400];
    // Uneven up to its border, or the spots would be cut out.
    const value =
      at(u, v, 0.3) < 0.12
        ? 30
        : at(u, v, 0.7) < 0.12
          ? 230
          : 130 + 50 * (Math.round(x / 60 + y / 90) % 2) - 25;
    return [value, value, value];
  })
    .png()
    .toBuffer();
  const depth = async (order: Params["order"]): Promise<number> => {
    const { mean, extras } = await reliefOf(picture, { order });
    expect(extras).toMatchObject({ foreground: false });
    const dark = mean((u, v) => at(u, v, 0.3) < 0.06);
    const bright = mean((u, v) => at(u, v, 0.7) < 0.06);
    const usual = mean((u, v) => u > 0.1 && u < 0.9 && at(u, v, 0.3) > 0.2 && at(u, v, 0.7) > 0.2);
    return (usual - dark) / (bright - usual);
  };
  expect(await depth("scene")).toBeLessThan(0.75 * (await depth("brightness")));
});

it("says of a portrait that a lithophane was perhaps meant", async () => {
  const [imagePath, meshPath] = [join(directory, "portrait"), join(directory, "portrait.glb")];
  await writeFile(imagePath, await photograph("astronaut.jpg"));
  const steps: string[] = [];
  const order = { model: "builtin/auto", imagePath, meshPath, params: withDefaults({}) } as const;
  expect(await make(order, (_, step) => steps.push(step))).toEqual({ ok: true });
  const { extras } = await readArrays(await readFile(meshPath));
  expect(extras).toMatchObject({ method: "relief", instead: ["lithophane"] });
  expect(steps).toContainEqual(expect.stringMatching(/relief, .*; or ask for lithophane$/));
});
