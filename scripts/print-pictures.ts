/**
 * Draws the pictures of docs/print-it.md: what is sent, and the part that comes of it.
 *
 *     pnpm print-pictures [NAME ...]
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { renderGlb, type RenderOptions } from "@modly-runs/mesh/render";
import { simplifierReady } from "@modly-runs/mesh/simplify";
import sharp from "sharp";
import { make } from "../apps/server/src/generators/builtin/make.ts";
import type { ModelId } from "../apps/server/src/generators/builtin/models.ts";
import { withDefaults } from "../apps/server/src/generators/builtin/params.ts";
import { readArrays } from "../apps/server/test/builtin/measure.ts";
import { heightsOf } from "../apps/server/test/builtin/outlines.ts";
import { PICTURES } from "../apps/server/test/builtin/set/index.ts";

interface Part {
  readonly name: string;
  readonly picture: string;
  readonly model: ModelId;
  readonly params: Readonly<Record<string, unknown>>;
  readonly view: RenderOptions;
  /** Also what is seen when it is held before a light. */
  readonly light?: boolean;
}

const FROM_ABOVE: RenderOptions = { yaw: 24, pitch: 32 };
const PARTS: readonly Part[] = [
  {
    name: "sign",
    picture: "hello-text",
    model: "builtin/extrude",
    params: { plate: "outline", size_mm: 120, margin: 3 },
    view: FROM_ABOVE,
  },
  {
    name: "colours",
    picture: "coloured-code",
    model: "builtin/extrude",
    params: { colours: 2, plate: "rounded", size_mm: 40 },
    view: FROM_ABOVE,
  },
  {
    name: "keyring",
    picture: "github-mark",
    model: "builtin/extrude",
    params: { preset: "keyring", size_mm: 50 },
    view: FROM_ABOVE,
  },
  {
    name: "cutter",
    picture: "star",
    model: "builtin/extrude",
    params: { preset: "cutter", size_mm: 80 },
    view: FROM_ABOVE,
  },
  {
    name: "stamp",
    picture: "python-mark",
    model: "builtin/extrude",
    params: { preset: "stamp", size_mm: 40 },
    view: FROM_ABOVE,
  },
  {
    name: "flat-back",
    picture: "cat",
    model: "builtin/inflate",
    params: { back: "flat", size_mm: 60 },
    view: { yaw: 58, pitch: 14 },
  },
  {
    name: "turned",
    picture: "amphora",
    model: "builtin/lathe",
    params: { size_mm: 90 },
    view: { yaw: 30, pitch: 28 },
  },
  {
    name: "lithophane",
    picture: "cat-photograph",
    model: "builtin/lithophane",
    params: { size_mm: 100, frame: 3 },
    view: { yaw: 24, pitch: 10, textured: false },
    light: true,
  },
  {
    name: "relief",
    picture: "coins",
    model: "builtin/relief",
    params: { height: 0.06, size_mm: 120 },
    view: { yaw: 40, pitch: 20, textured: false },
  },
];

const TILE = 240;
const GROUND = { r: 240, g: 240, b: 250 };
/** Light through the plastic, of each millimetre: the builtin/lithophane's usual material. */
const ATTENUATION = 0.9;
/** What is thinnest counts as white, mm. */
const THIN = 0.6;

const wanted = process.argv.slice(2);
const folder = fileURLToPath(new URL("../docs/images/print/", import.meta.url));
const directory = await mkdtemp(join(tmpdir(), "modly-runs-print-"));
try {
  await simplifierReady;
  await mkdir(folder, { recursive: true });
  for (const part of PARTS) {
    if (wanted.length > 0 && !wanted.includes(part.name)) continue;
    const file = join(folder, `${part.name}.webp`);
    await writeFile(file, await draw(part));
    console.log(file);
  }
} finally {
  await rm(directory, { recursive: true });
}

async function draw({ picture: name, model, params, view, light }: Part): Promise<Buffer> {
  const picture = PICTURES.find((one) => one.name === name);
  if (picture === undefined) throw new Error(`There is no picture ${name} in the set.`);
  const imagePath = join(directory, name);
  const meshPath = `${imagePath}.glb`;
  const source = await picture.draw();
  await writeFile(imagePath, source);
  const made = await make({ model, imagePath, meshPath, params: withDefaults(params) }, () => {});
  if (!made.ok) throw new Error(`${name}: ${made.error}`);
  const glb = await readFile(meshPath);
  const size = { width: TILE, height: TILE };
  const tiles = [
    await tile(source),
    (await renderGlb(glb, { ...view, ...size, samples: 3 })).png,
    ...(light === true ? [await before(glb)] : []),
  ];
  return sharp({
    create: { width: TILE * tiles.length, height: TILE, channels: 3, background: GROUND },
  })
    .composite(tiles.map((input, k) => ({ input, left: k * TILE, top: 0 })))
    .webp({ quality: 82 })
    .toBuffer();
}

/** How a part looks that is held before a light: its thickness, and how much light that lets through. */
async function before(glb: Uint8Array): Promise<Buffer> {
  const arrays = await readArrays(glb);
  const millimetres = { ...arrays, positions: arrays.positions.map((metres) => metres * 1000) };
  const [wide, high] = [0, 1].map((axis) => extentOf(millimetres.positions, axis)) as [
    number,
    number,
  ];
  const [width, height] = [TILE * 2, Math.round((TILE * 2 * high) / wide)];
  const light = Uint8Array.from(
    heightsOf(millimetres, width, height),
    (mm) => 255 * Math.exp(-ATTENUATION * Math.max(0, mm - THIN)) ** (1 / 2.2),
  );
  return tile(
    await sharp(light, { raw: { width, height, channels: 1 } })
      .png()
      .toBuffer(),
  );
}

function extentOf(positions: Float32Array, axis: number): number {
  const values = positions.filter((_, i) => i % 3 === axis);
  return values.reduce((a, b) => Math.max(a, b)) - values.reduce((a, b) => Math.min(a, b));
}

function tile(source: Buffer): Promise<Buffer> {
  const inner = Math.round(TILE * 0.84);
  const edge = (TILE - inner) >> 1;
  const ends = { top: edge, left: edge, bottom: TILE - inner - edge, right: TILE - inner - edge };
  return sharp(source)
    .autoOrient()
    .toColourspace("srgb")
    .resize(inner, inner, { fit: "contain", background: { ...GROUND, alpha: 0 } })
    .flatten({ background: GROUND })
    .extend({ ...ends, background: GROUND })
    .png()
    .toBuffer();
}
