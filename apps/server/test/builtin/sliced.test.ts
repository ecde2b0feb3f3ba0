import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convert } from "@modly-runs/mesh";
import { simplifierReady } from "@modly-runs/mesh/simplify";
import { afterAll, beforeAll, expect, it } from "vitest";
import { make } from "../../src/generators/builtin/make.ts";
import type { ModelId } from "../../src/generators/builtin/models.ts";
import { withDefaults } from "../../src/generators/builtin/params.ts";
import { PICTURES } from "./set/index.ts";
import { hasSlicer, inspected, LAYER, sliced } from "./slicer.ts";

const found = hasSlicer();
if (!found)
  process.stderr.write(
    "\n!!! LEFT OUT: no part was sliced. That needs PrusaSlicer; PRUSA_SLICER names it.\n\n",
  );

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "modly-runs-sliced-"));
  await simplifierReady;
});
afterAll(() => rm(directory, { recursive: true }));

async function partOf(model: ModelId, name: string, params: Readonly<Record<string, unknown>>) {
  const picture = PICTURES.find((one) => one.name === name)!;
  const imagePath = join(directory, name);
  await writeFile(imagePath, await picture.draw());
  const meshPath = `${imagePath}.glb`;
  const made = await make({ model, imagePath, meshPath, params: withDefaults(params) }, () => {});
  expect(made).toEqual({ ok: true });
  const glb = await readFile(meshPath);
  const [stl, threeMf] = ["stl", "3mf"].map((format) => `${imagePath}.${format}`) as [
    string,
    string,
  ];
  for (const [file, to] of [
    [stl, "stl"],
    [threeMf, "3mf"],
  ] as const) {
    const written = await convert(glb, { from: "glb", to });
    if (!written.ok) throw new Error(written.why);
    await writeFile(file, written.value.main);
  }
  return { stl, threeMf };
}

interface Printed {
  readonly model: ModelId;
  readonly picture: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Its height on the bed, mm, where the parameters tell it. */
  readonly high?: number;
}

const extruded = (picture: string, params: Printed["params"], high?: number): Printed => ({
  model: "builtin/extrude",
  picture,
  params,
  ...(high !== undefined && { high }),
});

const PRINTED: readonly Printed[] = [
  extruded("hello-text", { preset: "sign", size_mm: 120 }, 4.6),
  extruded("bell-icon", { preset: "keyring", size_mm: 50 }),
  extruded("star", { preset: "cutter", size_mm: 80 }, 14),
  extruded("github-mark", { relief: "engrave", plate: "rounded" }, 1.6),
  extruded("coloured-code", { colours: 4, plate: "rounded", size_mm: 40 }, 2.2),
  extruded("jpeg-code", {}),
  { model: "builtin/inflate", picture: "rocket", params: { back: "flat", size_mm: 50 } },
  {
    model: "builtin/lithophane",
    picture: "cat-photograph",
    params: { bend: "arc", frame: 3, size_mm: 40 },
  },
  { model: "builtin/relief", picture: "coins", params: { height: 0.06, size_mm: 60 } },
];

it.runIf(found).each(PRINTED)(
  "$model of $picture with $params is printed by a slicer as it is",
  async ({ model, picture, params, high }) => {
    const { stl, threeMf } = await partOf(model, picture, params);
    const part = sliced(stl);
    expect(part.complaints).toEqual([]);
    // A 3MF of several bodies is looked at only: the program's window asks whether they are one, its command does not.
    expect(inspected(threeMf).complaints).toEqual([]);
    if (high !== undefined) expect(Math.abs(part.high - high)).toBeLessThanOrEqual(LAYER);
    expect(part.plastic / part.volume).toBeGreaterThan(0.9);
    expect(part.plastic / part.volume).toBeLessThan(1.1);
  },
);
