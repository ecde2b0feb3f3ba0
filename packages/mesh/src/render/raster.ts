import { LINEAR } from "../colour.ts";
import type { Part } from "../mesh.ts";
import type { View } from "./camera.ts";
import { lightOn } from "./shade.ts";

/** Pixels of a texture, sRGB with alpha. */
export interface Texture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** What is drawn of a part. */
export type Drawable = Omit<Part, "picture"> & { readonly texture?: Texture | undefined };

/** What is being drawn: linear colours, coverage and depth of every sample. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  /** Linear red, green, blue and coverage, 0..1. */
  readonly colour: Float32Array;
  readonly depth: Float32Array;
}

export interface Look {
  readonly textured: boolean;
  readonly lit: boolean;
}

export function createCanvas(width: number, height: number): Canvas {
  const depth = new Float32Array(width * height).fill(-Infinity);
  return { width, height, colour: new Float32Array(width * height * 4), depth };
}

/** Numbers that a triangle's corners carry: 1/w, then normal, u, v and colour, each times 1/w. */
const CARRIED = 9;

/** Draws a part's triangles, nearer ones over farther ones; both sides of a triangle are seen. */
export function drawPart(canvas: Canvas, view: View, part: Drawable, look: Look): void {
  const corners = project(canvas, view, part);
  const texture = look.textured ? part.texture : undefined;
  const base = look.textured ? part.colour : ([0.8, 0.8, 0.8] as const);
  const plane = new Float64Array(CARRIED);
  for (let t = 0; t < part.indices.length; t += 3) {
    drawTriangle(
      canvas,
      corners,
      part.indices[t]!,
      part.indices[t + 1]!,
      part.indices[t + 2]!,
      plane,
      (at) => {
        let [r, g, b] = base;
        if (look.textured) {
          r *= plane[6]!;
          g *= plane[7]!;
          b *= plane[8]!;
        }
        if (texture !== undefined && part.uvs !== undefined) {
          sample(texture, plane[4]!, plane[5]!);
          r *= SAMPLED[0]!;
          g *= SAMPLED[1]!;
          b *= SAMPLED[2]!;
        }
        const light = look.lit ? shade(plane) : 1;
        canvas.colour[at] = r * light;
        canvas.colour[at + 1] = g * light;
        canvas.colour[at + 2] = b * light;
        canvas.colour[at + 3] = 1;
      },
    );
  }
}

interface Corners {
  /** x and y in samples and the depth, nearer is larger; three for each vertex. */
  readonly screen: Float64Array;
  readonly carried: Float64Array;
}

function project(
  { width, height }: Canvas,
  { matrix, distance, scale }: View,
  part: Drawable,
): Corners {
  const count = part.positions.length / 3;
  const screen = new Float64Array(count * 3);
  const carried = new Float64Array(count * CARRIED);
  const m = matrix;
  for (let i = 0; i < count; i++) {
    const x = part.positions[i * 3]!;
    const y = part.positions[i * 3 + 1]!;
    const z = part.positions[i * 3 + 2]!;
    const depth = m[8]! * x + m[9]! * y + m[10]! * z + m[11]!;
    // In perspective 1/w is linear on the screen; it serves as the depth too.
    const near = distance === undefined ? 1 : distance / (distance - depth);
    screen[i * 3] = width / 2 + (m[0]! * x + m[1]! * y + m[2]! * z + m[3]!) * scale * near;
    screen[i * 3 + 1] = height / 2 - (m[4]! * x + m[5]! * y + m[6]! * z + m[7]!) * scale * near;
    screen[i * 3 + 2] = distance === undefined ? depth : near;
    const o = i * CARRIED;
    carried[o] = near;
    const { normals, uvs } = part;
    if (normals !== undefined) {
      const nx = normals[i * 3]!;
      const ny = normals[i * 3 + 1]!;
      const nz = normals[i * 3 + 2]!;
      for (let k = 0; k < 3; k++) {
        carried[o + 1 + k] = (m[k * 4]! * nx + m[k * 4 + 1]! * ny + m[k * 4 + 2]! * nz) * near;
      }
    }
    carried[o + 4] = (uvs?.[i * 2] ?? 0) * near;
    carried[o + 5] = (uvs?.[i * 2 + 1] ?? 0) * near;
    for (let k = 0; k < 3; k++) carried[o + 6 + k] = (part.colours?.[i * 3 + k] ?? 1) * near;
  }
  return { screen, carried };
}

function drawTriangle(
  { width, height, depth }: Canvas,
  { screen, carried }: Corners,
  a: number,
  b: number,
  c: number,
  plane: Float64Array,
  paint: (at: number) => void,
): void {
  const ax = screen[a * 3]!;
  const ay = screen[a * 3 + 1]!;
  const bx = screen[b * 3]!;
  const by = screen[b * 3 + 1]!;
  const cx = screen[c * 3]!;
  const cy = screen[c * 3 + 1]!;
  const area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
  if (area === 0) return;
  const left = Math.max(0, Math.floor(Math.min(ax, bx, cx)));
  const right = Math.min(width - 1, Math.ceil(Math.max(ax, bx, cx)));
  const top = Math.max(0, Math.floor(Math.min(ay, by, cy)));
  const bottom = Math.min(height - 1, Math.ceil(Math.max(ay, by, cy)));
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const px = x + 0.5;
      const py = y + 0.5;
      const u = ((bx - px) * (cy - py) - (by - py) * (cx - px)) / area;
      const v = ((cx - px) * (ay - py) - (cy - py) * (ax - px)) / area;
      const w = 1 - u - v;
      if (u < 0 || v < 0 || w < 0) continue;
      const z = u * screen[a * 3 + 2]! + v * screen[b * 3 + 2]! + w * screen[c * 3 + 2]!;
      const at = y * width + x;
      if (z <= depth[at]!) continue;
      depth[at] = z;
      const near =
        u * carried[a * CARRIED]! + v * carried[b * CARRIED]! + w * carried[c * CARRIED]!;
      for (let k = 1; k < CARRIED; k++) {
        plane[k] =
          (u * carried[a * CARRIED + k]! +
            v * carried[b * CARRIED + k]! +
            w * carried[c * CARRIED + k]!) /
          near;
      }
      paint(at * 4);
    }
  }
}

/** Light on the side of the surface that is turned to the viewer. */
function shade(plane: Float64Array): number {
  const length = Math.hypot(plane[1]!, plane[2]!, plane[3]!) || 1;
  const side = plane[3]! < 0 ? -length : length;
  // Smooth normals near an outline may lean away a little: only those clearly behind are turned.
  const turn = plane[3]! / length < -0.3 ? side : length;
  return lightOn(plane[1]! / turn, plane[2]! / turn, plane[3]! / turn);
}

const SAMPLED = new Float64Array(3);

/** Textures repeat unless they say otherwise; what lies inside, both edges with it, stays where it is. */
function inside(coordinate: number): number {
  return coordinate >= 0 && coordinate <= 1 ? coordinate : coordinate - Math.floor(coordinate);
}

/** Bilinear, clamped at the edge, blended in linear light; the answer is in `SAMPLED`. */
function sample({ width, height, data }: Texture, u: number, v: number): void {
  const x = Math.max(0, Math.min(width - 1, inside(u) * width - 0.5));
  const y = Math.max(0, Math.min(height - 1, inside(v) * height - 0.5));
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  const x1 = Math.min(width - 1, x0 + 1);
  const y1 = Math.min(height - 1, y0 + 1);
  const fx = x - x0;
  const fy = y - y0;
  for (let k = 0; k < 3; k++) {
    const upper =
      LINEAR[data[(y0 * width + x0) * 4 + k]!]! * (1 - fx) +
      LINEAR[data[(y0 * width + x1) * 4 + k]!]! * fx;
    const lower =
      LINEAR[data[(y1 * width + x0) * 4 + k]!]! * (1 - fx) +
      LINEAR[data[(y1 * width + x1) * 4 + k]!]! * fx;
    SAMPLED[k] = upper * (1 - fy) + lower * fy;
  }
}
