import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { make, type Made } from "../../src/generators/builtin/make.ts";
import { MODELS, type ModelId } from "../../src/generators/builtin/models.ts";
import { withDefaults } from "../../src/generators/builtin/params.ts";
import { simplifierReady } from "@modly-runs/mesh/simplify";
import { METHODS } from "../../src/generators/builtin/methods/index.ts";
import { complaints, readArrays, solidity } from "./measure.ts";
import { PICTURES } from "./set/index.ts";
import { judgeScene } from "./set/judge-scene.ts";
import { scenes } from "./set/scenes.ts";
import { judge, lawsBroken } from "./set/judge.ts";
import { KINDS } from "./set/picture.ts";
import { randomNumbers } from "./set/surfaces.ts";
import { UNMET } from "./set/unmet.ts";

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "modly-runs-set-"));
  await simplifierReady;
});
afterAll(() => rm(directory, { recursive: true }));

async function run(
  name: string,
  picture: Buffer,
  model: ModelId,
  params = {},
): Promise<{ made: Made; meshPath: string }> {
  const imagePath = join(directory, name);
  const meshPath = `${imagePath}.glb`;
  await writeFile(imagePath, picture);
  const made = await make({ model, imagePath, meshPath, params: withDefaults(params) }, () => {});
  return { made, meshPath };
}

/** The laws that every mesh keeps. */
async function expectSound(glb: Uint8Array): Promise<void> {
  expect(await complaints(glb)).toEqual([]);
  const arrays = await readArrays(glb);
  expect(await solidity(arrays)).toBe("NoError");
  expect(lawsBroken(arrays, glb)).toEqual([]);
}

/** One of each kind and of each method, and all that is broken; `pnpm set-test` judges the whole set. */
const SAMPLE = [
  ...[
    "github-mark",
    "chess-pawn",
    "app-opaque",
    "heart",
    "number-text",
    "page-text",
    "small-code",
    "mushroom-pixels",
    "plan-lines",
  ],
  ...[
    "bottle-opaque",
    "mug",
    "woman-dancing",
    "duck",
    "teapot-tight",
    "horse",
    "tulip",
    "castle",
    "cup-photograph",
  ],
  ...["pear-on-bricks", "one-colour", "cat-card", "cat-lithophane"],
];

describe("a sample of the set of pictures", () => {
  const sample = PICTURES.filter(({ name, kind }) => SAMPLE.includes(name) || kind === "broken");

  it("holds every kind and every method", () => {
    expect(new Set(sample.map(({ kind }) => kind))).toEqual(new Set(KINDS));
    const methods = sample.flatMap(({ wish }) => (wish === "refused" ? [] : [wish.method]));
    expect(new Set(methods)).toEqual(new Set(Object.keys(METHODS)));
  });

  it.each(sample)("$name, $about: sound, and what a person wants of it", async (picture) => {
    const { faults, met, got } = await judge(picture, directory);
    expect(faults).toEqual([]);
    expect({ met, got }).toEqual({ met: !Object.hasOwn(UNMET, picture.name), got });
  });

  it("refuses to inflate what has no outline, and says what would do", async () => {
    for (const name of ["one-colour", "transparent"]) {
      const picture = PICTURES.find((one) => one.name === name)!;
      const { made } = await run(`${name}-inflate`, await picture.draw(), "builtin/inflate");
      expect(made).toMatchObject({ ok: false, error: expect.stringMatching(/transparent/) });
    }
  });
});

describe("a sample of the photographs whose masks are known", () => {
  const photographs = scenes(40);
  const named = (name: string) => photographs.find((scene) => scene.name === name)!;

  it.each(["mug-on-gravel", "duck-on-grass", "vase-on-lawn"])(
    "%s: cuts the object out",
    async (name) => {
      expect(await judgeScene(named(name))).toMatchObject({ sure: true, right: true });
    },
  );

  it("cactus-on-table: says that it is unsure, since the cup behind it is an object too", async () => {
    const cut = await judgeScene(named("cactus-on-table"));
    expect(cut).toMatchObject({ sure: false, because: expect.stringMatching(/^the border is/) });
  });
});

describe("parameters", () => {
  const of = (name: string) => PICTURES.find((picture) => picture.name === name)!;

  /** The mesh's extent from front to back, in metres. */
  async function thickness(model: ModelId, params: object, name = "duck"): Promise<number> {
    const { made, meshPath } = await run("thickness", await of(name).draw(), model, params);
    expect(made).toEqual({ ok: true });
    const glb = await readFile(meshPath);
    await expectSound(glb);
    const { positions } = await readArrays(glb);
    const z = positions.filter((_, i) => i % 3 === 2);
    return z.reduce((a, b) => Math.max(a, b)) - z.reduce((a, b) => Math.min(a, b));
  }

  it("depth makes a solid thinner or thicker, height and base a relief", async () => {
    const solid = await thickness("builtin/inflate", {});
    expect(await thickness("builtin/inflate", { depth: 0.5 })).toBeCloseTo(solid / 2, 1);
    expect(await thickness("builtin/relief", { height: 0.12, base: 0.03 })).toBeCloseTo(0.15, 1);
    expect(await thickness("builtin/relief", { height: 0.3, base: 0.1 })).toBeCloseTo(0.4, 1);
  });

  it("form makes level what is built of straight edges, and else what is asked for", async () => {
    const of = (name: string, form: string) => thickness("builtin/inflate", { form }, name);
    for (const name of ["castle", "church", "house"]) {
      expect(await of(name, "auto")).toBeLessThan(0.2);
      expect(await of(name, "round")).toBeGreaterThan(0.4);
    }
    expect(await of("duck", "auto")).toBe(await of("duck", "round"));
    expect(await of("butterfly", "plateau")).toBeLessThan(0.2);
  });

  it("invert makes the dark high", async () => {
    const height = async (invert: boolean): Promise<number> => {
      const { meshPath } = await run("invert", await of("coins").draw(), "builtin/relief", {
        invert,
      });
      const { positions } = await readArrays(await readFile(meshPath));
      const middle = positions.filter(
        (_, i) => Math.hypot(positions[i - (i % 3)]!, positions[i - (i % 3) + 1]! - 0.5) < 0.06,
      );
      return middle.filter((_, i) => i % 3 === 2).reduce((a, b) => Math.max(a, b));
    };
    expect(await height(true)).not.toBeCloseTo(await height(false), 2);
  });

  it("grid, texture and error change the size of the mesh", async () => {
    const size = async (params: object): Promise<number> => {
      const { meshPath } = await run("size", await of("duck").draw(), "builtin/inflate", params);
      const glb = await readFile(meshPath);
      await expectSound(glb);
      return glb.byteLength;
    };
    const usual = await size({});
    expect(await size({ error: 0.01 })).toBeLessThan(usual);
    expect(await size({ texture: 128 })).toBeLessThan(usual);
    expect(await size({ grid: 128, error: 0 })).toBeLessThan(await size({ grid: 160, error: 0 }));
  });
});

describe("thin lines of a large picture", () => {
  it("are kept, though they are thinner than a cell", async () => {
    const side = 1024;
    const pixels = Buffer.alloc(side * side * 4);
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const inside = Math.hypot(x - 300, y - 512) < 200 || (x >= 300 && x < 1000 && y === 512);
        if (inside) pixels.set([200, 30, 30, 255], (y * side + x) * 4);
      }
    }
    const picture = await sharp(pixels, { raw: { width: side, height: side, channels: 4 } })
      .png()
      .toBuffer();
    const { meshPath } = await run("hair", picture, "builtin/auto");
    const glb = await readFile(meshPath);
    await expectSound(glb);
    const { positions } = await readArrays(glb);
    const x = positions.filter((_, i) => i % 3 === 0);
    const y = positions.filter((_, i) => i % 3 === 1);
    expect(x.reduce((a, b) => Math.max(a, b)) - x.reduce((a, b) => Math.min(a, b))).toBeCloseTo(
      1,
      2,
    );
    expect(y.reduce((a, b) => Math.max(a, b))).toBeCloseTo(400 / 900, 2);
  });
});

describe("any small picture", () => {
  it("becomes a sound mesh or is refused, whatever is in it", async () => {
    const shape = fc.record({
      width: fc.integer({ min: 1, max: 60 }),
      height: fc.integer({ min: 1, max: 60 }),
      channels: fc.constantFrom(1, 3, 4),
      model: fc.constantFrom(...(Object.keys(MODELS) as ModelId[])),
      // Few levels make flat areas, many make noise.
      levels: fc.constantFrom(2, 3, 256),
      block: fc.integer({ min: 1, max: 12 }),
      seed: fc.integer(),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ width, height, channels, model, levels, block, seed }) => {
        const random = randomNumbers(seed);
        const row = Math.ceil(width / block);
        const blocks = Array.from({ length: row * Math.ceil(height / block) * channels }, () =>
          Math.round((Math.floor(random() * levels) * 255) / (levels - 1)),
        );
        const pixels = Buffer.alloc(width * height * channels);
        for (let i = 0; i < pixels.length; i++) {
          const pixel = Math.floor(i / channels);
          const at =
            Math.floor(Math.floor(pixel / width) / block) * row +
            Math.floor((pixel % width) / block);
          pixels[i] = blocks[at * channels + (i % channels)]!;
        }
        const raw = { width, height, channels };
        const picture = await sharp(pixels, { raw }).png().toBuffer();
        const { made, meshPath } = await run("any", picture, model, { grid: 128 });
        if (made.ok) await expectSound(await readFile(meshPath));
        expect(made.ok ? "sound." : made.error).toMatch(/\.$/);
      }),
      { numRuns: 60 },
    );
  });
});
