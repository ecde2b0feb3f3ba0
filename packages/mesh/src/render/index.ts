import sharp from "sharp";

import { LINEAR, toSrgb } from "../colour.ts";
import { boundsOf, type Mesh, type Part, type Picture } from "../mesh.ts";
import { readMesh } from "../read/index.ts";
import { lookAt } from "./camera.ts";
import { createCanvas, drawPart, type Canvas, type Texture } from "./raster.ts";

export interface RenderOptions {
  /** Pixels. */
  readonly width?: number;
  readonly height?: number;
  /** Degrees around the vertical; 0 is the front. */
  readonly yaw?: number;
  /** Degrees above the horizon. */
  readonly pitch?: number;
  /** Field of view in degrees; 0 is a parallel projection. */
  readonly fov?: number;
  /** Free room on each side, as a share of the picture. */
  readonly margin?: number;
  /** Red, green and blue, 0..255; null leaves it see-through. */
  readonly background?: readonly [number, number, number] | null;
  /** False: grey, so that the form alone is seen. */
  readonly textured?: boolean;
  /** False: the texture's colours as they are. */
  readonly lit?: boolean;
  /** Samples along each side of a pixel. */
  readonly samples?: number;
}

export interface Rendering {
  readonly width: number;
  readonly height: number;
  /** sRGB and alpha, four bytes a pixel, row by row from the top. */
  readonly pixels: Uint8Array;
  readonly png: Buffer;
}

/** Draws a GLB's default scene as {@link renderMesh} does. Throws if it can't be read. */
export async function renderGlb(glb: Uint8Array, options?: RenderOptions): Promise<Rendering> {
  const read = await readMesh(glb, "glb");
  if (!read.ok) throw new Error(read.why);
  return renderMesh(read.value, options);
}

/** Draws a mesh, framed to fill the picture, without a GPU or a browser. */
export async function renderMesh(
  mesh: Mesh,
  {
    width = 512,
    height = 512,
    yaw = 0,
    pitch = 0,
    fov = 24,
    margin = 0.06,
    background = [240, 240, 250],
    textured = true,
    lit = true,
    samples = 2,
  }: RenderOptions = {},
): Promise<Rendering> {
  const canvas = createCanvas(width * samples, height * samples);
  const view = lookAt(boundsOf(mesh), { yaw, pitch, fov, margin }, canvas.width, canvas.height);
  for (const part of mesh.parts) {
    const texture = part.picture && (await decoded(part.picture));
    drawPart(
      canvas,
      view,
      { ...(part.normals ? part : faceted(part)), texture },
      { textured, lit },
    );
  }
  const pixels = average(canvas, samples, background);
  const png = await sharp(pixels, { raw: { width, height, channels: 4 } })
    .png()
    .toBuffer();
  return { width, height, pixels, png };
}

/** A part without normals, as STL has none: every triangle gets its own. */
function faceted(part: Part): Part {
  const { indices } = part;
  const spread = (values: Float32Array | undefined, size: number): Float32Array | undefined =>
    values &&
    Float32Array.from(
      { length: indices.length * size },
      (_, i) => values[indices[Math.floor(i / size)]! * size + (i % size)]!,
    );
  const p = spread(part.positions, 3)!;
  const normals = new Float32Array(p.length);
  for (let at = 0; at < p.length; at += 9) {
    const [ux, uy, uz] = [p[at + 3]! - p[at]!, p[at + 4]! - p[at + 1]!, p[at + 5]! - p[at + 2]!];
    const [vx, vy, vz] = [p[at + 6]! - p[at]!, p[at + 7]! - p[at + 1]!, p[at + 8]! - p[at + 2]!];
    const n = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
    const length = Math.hypot(...n) || 1;
    for (let k = 0; k < 9; k++) normals[at + k] = n[k % 3]! / length;
  }
  return {
    ...part,
    positions: p,
    normals,
    uvs: spread(part.uvs, 2),
    colours: spread(part.colours, 3),
    indices: Uint32Array.from({ length: indices.length }, (_, at) => at),
  };
}

/** Pixels of a texture; undefined where the decoder can't read it, so that the form at least is seen. */
async function decoded({ bytes }: Picture): Promise<Texture | undefined> {
  try {
    const { data, info } = await sharp(bytes, { limitInputPixels: TEXTURE_PIXELS })
      .toColourspace("srgb")
      .ensureAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, data };
  } catch {
    return undefined;
  }
}

const TEXTURE_PIXELS = 100_000_000;

/** Means of each pixel's samples in linear light, over the background if there is one. */
function average(
  canvas: Canvas,
  samples: number,
  background: readonly [number, number, number] | null,
): Uint8Array {
  const width = canvas.width / samples;
  const height = canvas.height / samples;
  const pixels = new Uint8Array(width * height * 4);
  const sums = new Float64Array(4);
  for (let y = 0, o = 0; y < height; y++) {
    for (let x = 0; x < width; x++, o += 4) {
      sums.fill(0);
      for (let v = 0; v < samples; v++) {
        for (let u = 0; u < samples; u++) {
          const at = ((y * samples + v) * canvas.width + x * samples + u) * 4;
          for (let k = 0; k < 4; k++) sums[k]! += canvas.colour[at + k]!;
        }
      }
      const coverage = sums[3]! / (samples * samples);
      for (let k = 0; k < 3; k++) {
        const own = sums[3]! > 0 ? sums[k]! / sums[3]! : 0;
        pixels[o + k] = toSrgb(
          background === null ? own : own * coverage + LINEAR[background[k]!]! * (1 - coverage),
        );
      }
      pixels[o + 3] = background === null ? Math.round(coverage * 255) : 255;
    }
  }
  return pixels;
}
