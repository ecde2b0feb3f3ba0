import type { Rect } from "./raster.ts";

/** A background whose L*, a* and b* each follow a quadratic over the picture: flat, shaded or vignetted. */
export interface Background {
  /** Six coefficients for each of L*, a*, b* over 1, x, y, x², xy, y²; x and y run from -1 to 1. */
  readonly coefficients: readonly (readonly number[])[];
  /** The colour distance that 80 % of the border's pixels stay under: how far it is from even. */
  readonly spread: number;
}

const TERMS = 6;
const ROUNDS = 4;
/** Colour distance at which a border pixel's say is halved: what stands on the edge is not background. */
const OUTLIER = 5;

function terms(x: number, y: number): number[] {
  return [1, x, y, x * x, x * y, y * y];
}

/** Fits the background to a band along the picture's border, holding back what differs from the rest of the band. */
export function fitBackground(lab: Float32Array, width: number, height: number): Background {
  const band = bandOf(width, height);
  const rows = band.map((cell) =>
    terms(
      ((cell % width) / (width - 1)) * 2 - 1,
      (Math.floor(cell / width) / (height - 1)) * 2 - 1,
    ),
  );
  const weights = new Float64Array(band.length).fill(1);
  let coefficients: number[][] = [];
  let distances: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    coefficients = [0, 1, 2].map((channel) =>
      fitChannel(rows, weights, (i) => lab[band[i]! * 3 + channel]!),
    );
    distances = rows.map((row, i) =>
      Math.hypot(...coefficients.map((c, channel) => dot(c, row) - lab[band[i]! * 3 + channel]!)),
    );
    // The first rounds see further, so that a bad start can still be left.
    const reach = OUTLIER * 2 ** (ROUNDS - 2 - round);
    distances.forEach((d, i) => (weights[i] = 1 / (1 + (d / reach) ** 4)));
  }
  const sorted = distances.toSorted((a, b) => a - b);
  return { coefficients, spread: sorted[Math.floor(sorted.length * 0.8)] ?? 0 };
}

/** The cells of the border band that a background is fitted to. */
export function bandOf(width: number, height: number): number[] {
  const thick = Math.max(1, Math.round(Math.min(width, height) * 0.03));
  const cells: number[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (x < thick || y < thick || x >= width - thick || y >= height - thick)
        cells.push(y * width + x);
    }
  }
  return cells;
}

/**
 * The background's L*a*b* at each cell of a grid laid over `crop` of the picture, three floats each.
 * `whole` is the size of the picture in the units of `crop`.
 */
export function paintBackground(
  { coefficients }: Background,
  whole: { width: number; height: number },
  crop: Rect,
  width: number,
  height: number,
): Float32Array {
  const lab = new Float32Array(width * height * 3);
  for (let y = 0, o = 0; y < height; y++) {
    const v = ((crop.top + ((y + 0.5) / height) * (crop.bottom - crop.top)) / whole.height) * 2 - 1;
    for (let x = 0; x < width; x++) {
      const u =
        ((crop.left + ((x + 0.5) / width) * (crop.right - crop.left)) / whole.width) * 2 - 1;
      for (const c of coefficients) {
        lab[o++] = c[0]! + c[1]! * u + c[2]! * v + c[3]! * u * u + c[4]! * u * v + c[5]! * v * v;
      }
    }
  }
  return lab;
}

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Weighted least squares by the normal equations and Gaussian elimination. */
function fitChannel(
  rows: readonly number[][],
  weights: Float64Array,
  value: (row: number) => number,
): number[] {
  const system = Array.from({ length: TERMS }, () => new Float64Array(TERMS + 1));
  rows.forEach((row, i) => {
    const weight = weights[i]!;
    const target = value(i);
    for (let a = 0; a < TERMS; a++) {
      const line = system[a]!;
      for (let b = 0; b < TERMS; b++) line[b]! += weight * row[a]! * row[b]!;
      line[TERMS]! += weight * row[a]! * target;
    }
  });
  // A trace of ridge: a band two pixels thin does not determine every term.
  system.forEach((line, a) => (line[a]! += a === 0 ? 1e-9 : 1e-6 * rows.length));
  for (let a = 0; a < TERMS; a++) {
    const pivot = system[a]!;
    for (let b = 0; b < TERMS; b++) {
      if (b === a) continue;
      const factor = system[b]![a]! / pivot[a]!;
      for (let c = a; c <= TERMS; c++) system[b]![c]! -= factor * pivot[c]!;
    }
  }
  return system.map((line, a) => line[TERMS]! / line[a]!);
}
