import { WebIO } from "@gltf-transform/core";
import { validateBytes } from "gltf-validator";
import manifold from "manifold-3d/manifold";
import sharp from "sharp";
import { renderGlb } from "@modly-runs/mesh/render";
import { toLab } from "../../src/generators/builtin/picture/lab.ts";
import { enlarge } from "../../src/generators/builtin/picture/raster.ts";
import { mergeByPosition } from "./topology.ts";

/** The arrays of a GLB's only mesh, its bodies one after the other, and what it says of itself. */
export interface Arrays {
  readonly positions: Float32Array;
  readonly normals: Float32Array;
  /** Zeros where a body has one colour. */
  readonly uvs: Float32Array;
  readonly indices: Uint32Array;
  readonly extras: Record<string, unknown>;
}

export async function readArrays(glb: Uint8Array): Promise<Arrays> {
  const [mesh] = (await new WebIO().readBinary(glb)).getRoot().listMeshes();
  const all = { positions: [], normals: [], uvs: [], indices: [] } as Record<string, Numbers[]>;
  let first = 0;
  for (const primitive of mesh!.listPrimitives()) {
    const positions = primitive.getAttribute("POSITION")!.getArray()!;
    const from = first;
    all.positions!.push(positions);
    const normals = primitive.getAttribute("NORMAL")!.getArray()!;
    all.normals!.push(normals);
    const uvs = primitive.getAttribute("TEXCOORD_0")?.getArray();
    all.uvs!.push(uvs ?? new Float32Array((positions.length / 3) * 2));
    const indices = primitive.getIndices()!.getArray()!;
    all.indices!.push(Uint32Array.from(indices).map((index) => from + index));
    first += positions.length / 3;
  }
  return {
    positions: joined(Float32Array, all.positions!),
    normals: joined(Float32Array, all.normals!),
    uvs: joined(Float32Array, all.uvs!),
    indices: joined(Uint32Array, all.indices!),
    extras: mesh!.getExtras(),
  };
}

type Numbers = ArrayLike<number> & { readonly length: number };

function joined<A extends Float32Array | Uint32Array>(
  of: new (length: number) => A,
  parts: readonly Numbers[],
): A {
  const whole = new of(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Errors and warnings of Khronos' validator. */
export async function complaints(glb: Uint8Array): Promise<unknown[]> {
  const { issues } = await validateBytes(glb, { maxIssues: 20 });
  return issues.messages.filter(({ severity }) => severity <= 1);
}

const solids = manifold().then((module) => {
  module.setup();
  return module;
});

/** What manifold-3d says of the mesh once vertices at the same place are one: `NoError` for a closed solid. */
export async function solidity({ positions, indices }: Arrays): Promise<string> {
  const { Manifold, Mesh } = await solids;
  const merged = mergeByPosition(positions, indices);
  try {
    const solid = new Manifold(
      new Mesh({ numProp: 3, vertProperties: merged.positions, triVerts: merged.indices }),
    );
    const status = solid.status();
    solid.delete();
    return status;
  } catch (error) {
    return String(error);
  }
}

/** The separate solids of a mesh, in its own units. */
export async function solidsOf({
  positions,
  indices,
}: Arrays): Promise<{ genus: number; volume: number }[]> {
  const { Manifold, Mesh } = await solids;
  const merged = mergeByPosition(positions, indices);
  const whole = new Manifold(
    new Mesh({ numProp: 3, vertProperties: merged.positions, triVerts: merged.indices }),
  );
  const parts = whole.decompose();
  const found = parts.map((part) => ({ genus: part.genus(), volume: part.volume() }));
  for (const one of [whole, ...parts]) one.delete();
  return found;
}

export interface Likeness {
  /** Intersection over union of the mesh's outline and the true one. */
  readonly overlap: number;
  /** Mean CIE76 colour difference where both are. */
  readonly difference: number;
}

const SIDE = 640;

/** Holds the mesh, seen from the front without light or perspective, against the true cut-out. */
export async function likeness(glb: Uint8Array, truth: Buffer): Promise<Likeness> {
  const large = await magnify(truth);
  const bounds = boundsOf(large.data, large.width, large.height);
  const { width, height } = bounds;
  const raw = { width: large.width, height: large.height, channels: 4 } as const;
  const expected = await sharp(large.data, { raw }).extract(bounds).raw().toBuffer();
  const seen = await renderGlb(glb, {
    width,
    height,
    fov: 0,
    margin: 0,
    lit: false,
    background: null,
    samples: 2,
  });
  const expectedLab = toLab({ width, height, data: expected });
  const seenLab = toLab({ width, height, data: seen.pixels });
  const half = peakOf(expected) / 2;
  let both = 0;
  let either = 0;
  let sum = 0;
  for (let i = 0; i < width * height; i++) {
    const inTruth = expected[i * 4 + 3]! > half;
    const inMesh = seen.pixels[i * 4 + 3]! > 127;
    if (inTruth || inMesh) either++;
    if (!inTruth || !inMesh) continue;
    both++;
    sum += Math.hypot(...[0, 1, 2].map((k) => expectedLab[i * 3 + k]! - seenLab[i * 3 + k]!));
  }
  return { overlap: both / either, difference: sum / both };
}

/** The picture at a size that makes its cut-out `SIDE` pixels long, so that its outline is known within a pixel's parts. */
async function magnify(
  truth: Buffer,
): Promise<{ data: Uint8Array; width: number; height: number }> {
  const image = sharp(truth).ensureAlpha().toColourspace("srgb");
  const { data, info } = await image.clone().raw().toBuffer({ resolveWithObject: true });
  const bounds = boundsOf(data, info.width, info.height);
  const scale = SIDE / Math.max(bounds.width, bounds.height);
  const size = { width: Math.round(info.width * scale), height: Math.round(info.height * scale) };
  if (scale > 1) return { ...size, data: enlarge(data, info, size) };
  return {
    ...size,
    data: await image
      .resize(size.width, size.height, { kernel: "linear", fit: "fill" })
      .raw()
      .toBuffer(),
  };
}

function peakOf(rgba: Uint8Array): number {
  let peak = 0;
  for (let i = 3; i < rgba.length; i += 4) peak = Math.max(peak, rgba[i]!);
  return peak;
}

function boundsOf(
  rgba: Uint8Array,
  width: number,
  height: number,
): { left: number; top: number; width: number; height: number } {
  const half = peakOf(rgba) / 2;
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (rgba[(y * width + x) * 4 + 3]! <= half) continue;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = y + 1;
    }
  }
  return { left, top, width: right - left, height: bottom - top };
}
