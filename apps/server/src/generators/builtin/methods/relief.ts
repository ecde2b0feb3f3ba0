import { smoothNormals, type Mesh } from "../surface/mesh.ts";
import { blur, type Field } from "../picture/raster.ts";

/** Brightness range below which a picture counts as flat, so that its noise is not stretched into hills. */
const FLAT = 0.06;
/** The share of the broad light and dark in the height; the rest is form with kept edges. */
const BROAD = 0.4;
/** A flat rim and the slope up from it, in longest sides. */
const RIM = 0.008;
const SLOPE = 0.045;

export interface ReliefShape {
  /** Height of the brightest spot over the slab, in longest sides. */
  readonly height: number;
  /** Thickness of the slab, in longest sides. */
  readonly base: number;
  /** Dark is high. */
  readonly invert: boolean;
}

/**
 * Raises brightness over a slab with a flat back.
 *
 * @param lightness 0..1 on a grid of square cells
 * @returns a closed mesh in cells, the slab's upper face at z = 0
 */
export function relief(lightness: Field, { height, base, invert }: ReliefShape): Mesh {
  const side = Math.max(lightness.width, lightness.height);
  // A lithophane's thickness is its tone; a relief may lower what is fine, or it would bristle.
  const level = invert ? levels(lightness) : lowerFine(levels(lightness));
  const surface = Float32Array.from(level.data, (value, cell) => {
    const raised = (invert ? 1 - value : value) * rise(cell, lightness);
    return raised * height * side;
  });
  const { positions, indices } = slab(surface, lightness.width, lightness.height, base * side);
  const uvs = new Float32Array((positions.length / 3) * 2);
  for (let p = 0, o = 0; p < positions.length; p += 3, o += 2) {
    uvs[o] = positions[p]! / (lightness.width - 1);
    uvs[o + 1] = positions[p + 1]! / (lightness.height - 1);
    positions[p + 1] = -positions[p + 1]!;
  }
  return { positions, normals: smoothNormals(positions, indices), uvs, indices };
}

/** Brightness without noise, stretched so that all but the darkest and brightest 2 % fill 0..1. */
function levels(lightness: Field): Field {
  const side = Math.max(lightness.width, lightness.height);
  const form = blur(keepEdges(lightness, Math.max(1, Math.round(side / 100))), 1, 1);
  const broad = blur(lightness, Math.max(1, Math.round(side / 24)), 2);
  const mixed = form.data.map((value, i) => value * (1 - BROAD) + broad.data[i]! * BROAD);
  const sorted = mixed.toSorted();
  const low = quantile(sorted, 0.02);
  const high = quantile(sorted, 0.98);
  const scale = 1 / Math.max(FLAT, high - low);
  return {
    ...lightness,
    data: mixed.map((value) => Math.max(0, Math.min(1, (value - low) * scale))),
  };
}

/** How high fine structure may stand, and how much of it is left where it is low. */
const FINE_LIMIT = 0.3;
const FINE_GAIN = 0.6;

/** Keeps broad forms and lowers what is narrow: a thin wall of full height is neither seen nor printed well. */
function lowerFine(level: Field): Field {
  const side = Math.max(level.width, level.height);
  const broad = blur(level, Math.max(1, Math.round(side / 32)), 2);
  const data = level.data.map((value, i) => {
    const base = broad.data[i]!;
    return base + FINE_LIMIT * Math.tanh((FINE_GAIN / FINE_LIMIT) * (value - base));
  });
  return { ...level, data };
}

/** The guided filter of He, Sun and Tang (ECCV 2010) with the picture as its own guide: smooth areas, sharp steps. */
function keepEdges(source: Field, radius: number): Field {
  const noise = 0.004;
  const mean = blur(source, radius, 1);
  const squares = blur({ ...source, data: source.data.map((v) => v * v) }, radius, 1);
  const slope = mean.data.map((m, i) => {
    const variance = Math.max(0, squares.data[i]! - m * m);
    return variance / (variance + noise);
  });
  const a = blur({ ...source, data: slope }, radius, 1);
  const b = blur({ ...source, data: mean.data.map((m, i) => m * (1 - slope[i]!)) }, radius, 1);
  return { ...source, data: source.data.map((v, i) => a.data[i]! * v + b.data[i]!) };
}

function quantile(sorted: Float32Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

/** 0 on the rim, 1 inside, smooth between. */
function rise(cell: number, { width, height }: Field): number {
  const x = cell % width;
  const y = Math.floor(cell / width);
  const side = Math.max(width, height);
  const inward = Math.min(x, y, width - 1 - x, height - 1 - y) / side;
  const t = Math.max(
    0,
    Math.min(1, (inward - RIM) / Math.min(SLOPE, (0.25 * Math.min(width, height)) / side)),
  );
  return t * t * (3 - 2 * t);
}

/**
 * The surface, four walls and a back fanned out from its middle; x to the right, y down, z towards the viewer. Each face
 * has vertices of its own, so that the slab's edges are shaded sharp.
 */
function slab(
  surface: Float32Array,
  width: number,
  height: number,
  base: number,
): { positions: Float32Array; indices: Uint32Array } {
  const sides = sidesOf(width, height);
  const rim = sides.flatMap((side) => side.slice(0, -1));
  const cells = width * height;
  const positions = new Float32Array((cells + 3 * rim.length + 2 * sides.length + 1) * 3);
  let vertices = 0;
  const add = (cell: number, z: number): number => {
    positions[vertices * 3] = cell % width;
    positions[vertices * 3 + 1] = Math.floor(cell / width);
    positions[vertices * 3 + 2] = z;
    return vertices++;
  };
  const indices = new Uint32Array(((width - 1) * (height - 1) * 2 + rim.length * 3) * 3);
  let used = 0;
  const triangle = (a: number, b: number, c: number): void => {
    indices[used++] = a;
    indices[used++] = b;
    indices[used++] = c;
  };

  for (let cell = 0; cell < cells; cell++) add(cell, surface[cell]!);
  for (let y = 0; y < height - 1; y++) {
    for (let x = 0; x < width - 1; x++) {
      const a = y * width + x;
      const b = a + 1;
      const c = a + width;
      const d = c + 1;
      // Split along the diagonal that bends less.
      if (Math.abs(surface[a]! - surface[d]!) < Math.abs(surface[b]! - surface[c]!)) {
        triangle(a, c, d);
        triangle(a, d, b);
      } else {
        triangle(a, c, b);
        triangle(b, c, d);
      }
    }
  }
  for (const side of sides) {
    const above = side.map((cell) => add(cell, surface[cell]!));
    const below = side.map((cell) => add(cell, -base));
    for (let k = 0; k < side.length - 1; k++) {
      triangle(above[k]!, above[k + 1]!, below[k + 1]!);
      triangle(above[k]!, below[k + 1]!, below[k]!);
    }
  }
  const back = rim.map((cell) => add(cell, -base));
  const middle = add(0, -base);
  positions.set([(width - 1) / 2, (height - 1) / 2, -base], middle * 3);
  back.forEach((vertex, k) => triangle(vertex, back[(k + 1) % back.length]!, middle));
  return { positions, indices };
}

/** The cells of the four sides with their corners, clockwise from the upper left as the viewer sees them. */
function sidesOf(width: number, height: number): number[][] {
  const along = (length: number, start: number, step: number): number[] =>
    Array.from({ length }, (_, k) => start + k * step);
  return [
    along(width, 0, 1),
    along(height, width - 1, width),
    along(width, width * height - 1, -1),
    along(height, width * (height - 1), -width),
  ];
}
