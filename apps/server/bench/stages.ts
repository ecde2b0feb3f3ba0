/**
 * Times the built-in generators stage by stage in one warm process, beside the floor: decoding the picture and encoding
 * a JPEG of the texture's size, which no method can do without.
 *
 *     pnpm bench:stages [ROUNDS]
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { make } from "../src/generators/builtin/make.ts";
import type { ModelId } from "../src/generators/builtin/models.ts";
import { withDefaults } from "../src/generators/builtin/params.ts";
import { simplifierReady } from "@modly-runs/mesh/simplify";

const ROUNDS = Number(process.argv[2] ?? 9);
const CASES: readonly { model: ModelId; picture: string; side: number }[] = [
  { model: "builtin/inflate", picture: "duck", side: 512 },
  { model: "builtin/inflate", picture: "duck", side: 1024 },
  { model: "builtin/inflate", picture: "duck", side: 2048 },
  { model: "builtin/inflate", picture: "duck", side: 4096 },
  { model: "builtin/inflate", picture: "mug", side: 1024 },
  { model: "builtin/relief", picture: "mug", side: 1024 },
  { model: "builtin/extrude", picture: "star", side: 1024 },
  { model: "builtin/lathe", picture: "mug", side: 1024 },
  { model: "builtin/lithophane", picture: "mug", side: 1024 },
  { model: "builtin/auto", picture: "star", side: 1024 },
];

// As in the child processes: no picture is met twice.
sharp.cache(false);

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** Decode, one resize, one JPEG: in milliseconds. */
async function floor(imagePath: string): Promise<number> {
  const begin = performance.now();
  const { data, info } = await sharp(imagePath)
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  await sharp(data, { raw: { width: info.width, height: info.height, channels: 4 } })
    .resize(1024, 1024, { fit: "inside", withoutEnlargement: true })
    .removeAlpha()
    .jpeg({ quality: 90 })
    .toBuffer();
  return performance.now() - begin;
}

/** Milliseconds of each stage, by its name. */
async function stages(
  model: ModelId,
  imagePath: string,
  meshPath: string,
): Promise<Map<string, number>> {
  const times = new Map<string, number>();
  let name = "";
  let since = 0;
  const turn = (next: string): void => {
    const now = performance.now();
    if (name !== "") times.set(name, now - since);
    name = next.replace(/[:,].*/, "");
    since = now;
  };
  const made = await make({ model, imagePath, meshPath, params: withDefaults({}) }, (_, step) =>
    turn(step),
  );
  turn("");
  if (!made.ok) throw new Error(made.error);
  return times;
}

const directory = await mkdtemp(join(tmpdir(), "modly-runs-bench-"));
try {
  await simplifierReady;
  for (const { model, picture, side } of CASES) {
    const source = fileURLToPath(new URL(`../../../examples/${picture}.png`, import.meta.url));
    const imagePath = join(directory, `${picture}-${side}.png`);
    await writeFile(imagePath, await sharp(source).resize(side).png().toBuffer());
    const floors: number[] = [];
    const rounds: Map<string, number>[] = [];
    for (let round = 0; round < ROUNDS + 3; round++) {
      const low = await floor(imagePath);
      const times = await stages(model, imagePath, join(directory, "mesh.glb"));
      // The first rounds are for the compiler.
      if (round < 3) continue;
      floors.push(low);
      rounds.push(times);
    }
    const total = median(rounds.map((times) => [...times.values()].reduce((a, b) => a + b)));
    console.log(
      `${model} ${picture} ${side}²: ${total.toFixed(0)} ms, floor ${median(floors).toFixed(0)} ms`,
    );
    for (const stage of rounds[0]!.keys()) {
      console.log(
        `  ${stage.padEnd(24)}${median(rounds.map((times) => times.get(stage)!))
          .toFixed(1)
          .padStart(8)} ms`,
      );
    }
  }
} finally {
  await rm(directory, { recursive: true });
}
