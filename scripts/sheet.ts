/**
 * Draws the contact sheet of the built-in generators: every picture of the test set, then five views of its mesh.
 *
 *     pnpm sheet [--out FILE] [--tile PIXELS] [NAME ...]
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { make } from "../apps/server/src/generators/builtin/make.ts";
import { withDefaults } from "../apps/server/src/generators/builtin/params.ts";
import { simplifierReady } from "@modly-runs/mesh/simplify";
import { PICTURES } from "../apps/server/test/builtin/set/index.ts";
import { renderGlb, type RenderOptions } from "@modly-runs/mesh/render";

const VIEWS: readonly RenderOptions[] = [
  {},
  { yaw: 40, pitch: 15 },
  { yaw: 85, pitch: 8 },
  { yaw: 180 },
  { yaw: 40, pitch: 15, textured: false },
];
const GROUND = [240, 240, 250] as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: "string", default: "out/sheet.png" },
    tile: { type: "string", default: "220" },
  },
});
const tile = Number(values.tile);
const directory = await mkdtemp(join(tmpdir(), "modly-runs-sheet-"));
const rows: Buffer[][] = [];
try {
  await simplifierReady;
  for (const picture of PICTURES) {
    if (positionals.length > 0 && !positionals.includes(picture.name)) continue;
    const imagePath = join(directory, picture.name);
    const meshPath = `${imagePath}.glb`;
    const source = await picture.draw();
    await writeFile(imagePath, source);
    let said = "";
    const made = await make(
      { model: picture.model, imagePath, meshPath, params: withDefaults({}) },
      (percent, step) => {
        if (percent === 30) said = step;
      },
    );
    console.log(`${picture.name.padEnd(18)}${made.ok ? said : made.error}`);
    if (!made.ok) continue;
    const glb = await readFile(meshPath);
    const row = [await thumbnail(source)];
    for (const view of VIEWS)
      row.push((await renderGlb(glb, { ...view, width: tile, height: tile })).png);
    rows.push(row);
  }
} finally {
  await rm(directory, { recursive: true });
}

// Two pictures a line, so that the sheet stays readable on a screen.
const across = rows.length > 4 ? 2 : 1;
const columns = VIEWS.length + 1;
const tiles = rows.flatMap((row, k) =>
  row.map((input, column) => ({
    input,
    left: ((k % across) * columns + column) * tile,
    top: Math.floor(k / across) * tile,
  })),
);
const [r, g, b] = GROUND;
const sheet = sharp({
  create: {
    width: tile * columns * across,
    height: tile * Math.ceil(rows.length / across),
    channels: 3,
    background: { r, g, b },
  },
}).composite(tiles);
await mkdir(dirname(values.out), { recursive: true });
await writeFile(values.out, await sheet.png({ palette: true, quality: 90 }).toBuffer());
console.log(values.out);

function thumbnail(source: Buffer): Promise<Buffer> {
  const [red, green, blue] = GROUND;
  const inner = Math.round(tile * 0.88);
  const edge = Math.floor((tile - inner) / 2);
  return sharp(source)
    .autoOrient()
    .toColourspace("srgb")
    .resize(inner, inner, { fit: "contain", background: { r: red, g: green, b: blue, alpha: 0 } })
    .flatten({ background: { r: red, g: green, b: blue } })
    .extend({
      top: edge,
      left: edge,
      bottom: tile - inner - edge,
      right: tile - inner - edge,
      background: { r: red, g: green, b: blue },
    })
    .png()
    .toBuffer();
}
