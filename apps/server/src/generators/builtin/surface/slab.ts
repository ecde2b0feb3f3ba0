import { field, type Field } from "../picture/raster.ts";
import { coarsen } from "./coarsen.ts";

/** x to the right, y up from the first row at 0, z towards the viewer. */
export interface Slab {
  readonly positions: Float32Array;
  readonly normals: Float32Array;
  readonly indices: Uint32Array;
  /** The vertices from here on are those of the flat back. */
  readonly back: number;
}

export interface SlabOptions {
  /** How far the flat back lies behind z = 0. */
  readonly base: number;
  /** How far any height may be off the surface, below zero: all cells are kept. */
  readonly tolerance: number;
  /** The length of a cell, in the unit of the heights. */
  readonly pitch?: number;
  /** Joins the last column to the first, for a plate that is bent to a full circle. */
  readonly wrap?: boolean;
}

/**
 * Heights as the front of a plate with upright walls and a flat back. Each face has vertices of its own, so that the
 * plate's edges are shaded sharp. The front has the normals of all heights, however few of them are kept.
 */
export function slabOf(
  surface: Field,
  { base, tolerance, pitch = 1, wrap = false }: SlabOptions,
): Slab {
  const { width, height, data } = surface;
  const columns = wrap ? width : width - 1;
  const front = frontOf(surface, wrap, tolerance);
  const rim = 4 * width + (wrap ? 0 : 2 * (height + 2));
  const room = front.cells.length + rim + 2 * width;
  const positions = new Float32Array(room * 3);
  const normals = new Float32Array(room * 3);
  const indices = new Uint32Array(
    front.corners.length + (columns * 6 + (wrap ? 0 : 2 * height)) * 3,
  );
  indices.set(front.corners);
  let vertices = front.cells.length;
  let used = front.corners.length;
  const add = (x: number, y: number, z: number, normal: readonly number[]): number => {
    const o = vertices * 3;
    positions[o] = x * pitch;
    positions[o + 1] = -y * pitch;
    positions[o + 2] = z;
    normals[o] = normal[0]!;
    normals[o + 1] = normal[1]!;
    normals[o + 2] = normal[2]!;
    return vertices++;
  };
  const triangle = (a: number, b: number, c: number): void => {
    indices[used++] = a;
    indices[used++] = b;
    indices[used++] = c;
  };

  for (let k = 0; k < front.cells.length; k++) {
    const cell = front.cells[k]!;
    const x = cell % width;
    const y = (cell - x) / width;
    const left = x > 0 ? cell - 1 : wrap ? cell + width - 1 : cell;
    const right = x < width - 1 ? cell + 1 : wrap ? cell - width + 1 : cell;
    const above = y > 0 ? cell - width : cell;
    const below = y < height - 1 ? cell + width : cell;
    const steps = wrap || right - left === 2 ? 2 : 1;
    const slopeX = (data[right]! - data[left]!) / (steps * pitch);
    const slopeY = (data[below]! - data[above]!) / ((below - above === width ? 1 : 2) * pitch);
    const length = Math.sqrt(1 + slopeX * slopeX + slopeY * slopeY);
    const o = k * 3;
    positions[o] = x * pitch;
    positions[o + 1] = -y * pitch;
    positions[o + 2] = data[cell]!;
    normals[o] = -slopeX / length;
    normals[o + 1] = slopeY / length;
    normals[o + 2] = 1 / length;
  }
  for (const [y, down] of [
    [0, false],
    [height - 1, true],
  ] as const) {
    const out = [0, down ? -1 : 1, 0];
    const above = Array.from({ length: width }, (_, x) => add(x, y, data[y * width + x]!, out));
    const below = Array.from({ length: width }, (_, x) => add(x, y, -base, out));
    for (let x = 0; x < columns; x++) {
      const [p, q] = [above[x]!, above[(x + 1) % width]!];
      const [r, s] = [below[x]!, below[(x + 1) % width]!];
      const [near, far] = down ? [r, s] : [s, r];
      triangle(p, near, far);
      triangle(p, down ? s : q, down ? q : s);
    }
  }
  if (!wrap) {
    for (const x of [0, width - 1]) {
      const out = [x === 0 ? -1 : 1, 0, 0];
      const above = Array.from({ length: height }, (_, y) => add(x, y, data[y * width + x]!, out));
      const [upper, lower] = [add(x, 0, -base, out), add(x, height - 1, -base, out)];
      const side = (a: number, b: number, c: number): void =>
        x === 0 ? triangle(a, b, c) : triangle(a, c, b);
      for (let k = 0; k < height - 1; k++) side(upper, above[k + 1]!, above[k]!);
      side(upper, lower, above[height - 1]!);
    }
  }
  const back = vertices;
  const behind = [0, 0, -1];
  const tops = Array.from({ length: width }, (_, x) => add(x, 0, -base, behind));
  const bottoms = Array.from({ length: width }, (_, x) => add(x, height - 1, -base, behind));
  for (let x = 0; x < columns; x++) {
    const next = (x + 1) % width;
    triangle(tops[x]!, tops[next]!, bottoms[x]!);
    triangle(tops[next]!, bottoms[next]!, bottoms[x]!);
  }
  return { positions, normals, indices, back };
}

/** The cells that the front keeps, row by row, and its triangles by their places among them. */
function frontOf(
  surface: Field,
  wrap: boolean,
  tolerance: number,
): { cells: Int32Array; corners: Uint32Array } {
  const { width, height } = surface;
  const open = wrap ? withFirstAgain(surface) : surface;
  const inside = new Uint8Array(open.data.length).fill(1, 0, open.width * (height - 1));
  for (let cell = open.width - 1; cell < inside.length; cell += open.width) inside[cell] = 0;
  const corners = coarsen(open, inside, tolerance);
  if (wrap) {
    for (let k = 0; k < corners.length; k++) {
      const x = corners[k]! % open.width;
      corners[k] = ((corners[k]! - x) / open.width) * width + (x % width);
    }
  }
  const places = new Int32Array(surface.data.length);
  for (let k = 0; k < corners.length; k++) places[corners[k]!] = 1;
  const cells = new Int32Array(places.length);
  let count = 0;
  for (let cell = 0; cell < places.length; cell++) {
    if (places[cell] === 0) continue;
    cells[count] = cell;
    places[cell] = count++;
  }
  for (let k = 0; k < corners.length; k++) corners[k] = places[corners[k]!]!;
  return { cells: cells.subarray(0, count), corners };
}

/** The first column once more, after the last. */
function withFirstAgain({ width, height, data }: Field): Field {
  const open = field(width + 1, height);
  for (let y = 0; y < height; y++) {
    open.data.set(data.subarray(y * width, (y + 1) * width), y * (width + 1));
    open.data[y * (width + 1) + width] = data[y * width]!;
  }
  return open;
}
