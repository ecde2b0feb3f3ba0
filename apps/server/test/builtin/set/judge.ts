import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { convert } from "@modly-runs/mesh";
import { make } from "../../../src/generators/builtin/make.ts";
import { withDefaults } from "../../../src/generators/builtin/params.ts";
import { inspected } from "../slicer.ts";
import { complaints, likeness, readArrays, solidsOf, type Arrays } from "../measure.ts";
import type { TestPicture } from "./picture.ts";

/** Outlines agree to this share of their union. */
const OVERLAP = 0.97;
/**
 * A colour difference of about 2.3 can just be noticed. The mean over a mesh stays near it, though the texture has
 * been resampled and compressed and the outline's own colours are those of its neighbourhood.
 */
const DIFFERENCE = 2.6;

/** What became of a picture of the set. */
export interface Verdict {
  readonly name: string;
  /** How it was made, and what was found of it; in a refusal its sentence. */
  readonly got: string;
  /** Laws that every mesh keeps and this one does not, in words. */
  readonly faults: readonly string[];
  /** Whether a person gets what the picture's wish names. */
  readonly met: boolean;
}

/** Makes a mesh of a picture, looks whether it is sound, by a slicer's eyes too, and whether it is what a person wants. */
export async function judge(
  picture: TestPicture,
  directory: string,
  { slicer = false } = {},
): Promise<Verdict> {
  const { name, wish, model } = picture;
  const imagePath = join(directory, name);
  const meshPath = `${imagePath}.glb`;
  await writeFile(imagePath, await picture.draw());
  const made = await make({ model, imagePath, meshPath, params: withDefaults({}) }, () => {});
  if (!made.ok) {
    const faults = /^[A-Z][^\n/\\]+\.$/.test(made.error) ? [] : ["the refusal is no sentence"];
    return { name, got: made.error, faults, met: wish === "refused" };
  }
  const glb = await readFile(meshPath);
  const arrays = await readArrays(glb);
  const faults = [
    ...(await complaints(glb)).map((one) => JSON.stringify(one)),
    ...lawsBroken(arrays, glb),
  ];
  const solids = await solidsOf(arrays).catch((cause: unknown) => {
    faults.push(`manifold: ${String(cause)}`);
    return [];
  });
  if (slicer) faults.push(...(await complaintsOfSlicer(glb, `${imagePath}.3mf`)));
  const truth = await picture.truth?.();
  const { method, because } = arrays.extras as { method: string; because: string };
  const got = {
    method,
    solids: solids.length,
    holes: solids.reduce((sum, { genus }) => sum + genus, 0),
  };
  const met =
    wish !== "refused" &&
    wish.method === got.method &&
    wish.solids === got.solids &&
    wish.holes === got.holes;
  if (truth !== undefined && (method === "inflate" || method === "lathe")) {
    const { overlap, difference } = await likeness(glb, truth);
    if (overlap < OVERLAP) faults.push(`overlaps its outline by ${overlap.toFixed(3)}`);
    if (difference > DIFFERENCE)
      faults.push(`differs from its colours by ${difference.toFixed(2)}`);
  }
  return {
    name,
    got: `${method}, ${got.solids} solids, ${got.holes} holes (${because})`,
    faults,
    met,
  };
}

async function complaintsOfSlicer(glb: Uint8Array, file: string): Promise<readonly string[]> {
  const written = await convert(glb, { from: "glb", to: "3mf" });
  if (!written.ok) return [written.why];
  await writeFile(file, written.value.main);
  return inspected(file).complaints;
}

/** One metre long, standing on y = 0, no larger than a page can load, coordinates within the texture. */
export function lawsBroken({ positions, uvs, indices }: Arrays, glb: Uint8Array): string[] {
  const [low, high] = [
    [Infinity, Infinity, Infinity],
    [-Infinity, -Infinity, -Infinity],
  ];
  positions.forEach((value, i) => {
    low[i % 3] = Math.min(low[i % 3]!, value);
    high[i % 3] = Math.max(high[i % 3]!, value);
  });
  const longest = Math.max(...high.map((value, axis) => value - low[axis]!));
  const triangles = indices.length / 3;
  return [
    Math.abs(longest - 1) > 1e-5 ? `is ${longest} m long` : "",
    Math.abs(low[1]!) > 1e-5 ? `stands on ${low[1]}` : "",
    uvs.some((value) => value < 0 || value > 1) ? "has texture coordinates outside" : "",
    triangles >= MOST_TRIANGLES ? `has ${triangles} triangles` : "",
    glb.byteLength >= MOST_BYTES ? `has ${glb.byteLength} bytes` : "",
  ].filter((fault) => fault !== "");
}

const MOST_TRIANGLES = 400_000;
const MOST_BYTES = 20_000_000;
