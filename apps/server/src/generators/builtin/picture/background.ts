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

/** Fits the background to a band along the picture's border, holding back what differs from the rest of the band. */
export function fitBackground(lab: Float32Array, width: number, height: number): Background {
  const band = bandOf(width, height);
  const samples = samplesOf(band, lab, width, height);
  const weights = new Float64Array(band.length).fill(1);
  const distances = new Float64Array(band.length);
  let coefficients: number[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    coefficients = fit(samples, weights);
    // The first rounds see further, so that a bad start can still be left.
    const reach = OUTLIER * 2 ** (ROUNDS - 2 - round);
    for (let i = 0; i < weights.length; i++) {
      let square = 0;
      for (let channel = 0; channel < CHANNELS; channel++) {
        const off = missOf(samples, i, coefficients[channel]!, channel);
        square += off * off;
      }
      distances[i] = Math.sqrt(square);
      weights[i] = 1 / (1 + (square / reach ** 2) ** 2);
    }
  }
  const sorted = distances.toSorted();
  return { coefficients, spread: sorted[Math.floor(sorted.length * 0.8)] ?? 0 };
}

const CHANNELS = 3;
/** A sample is its six terms and its three channels. */
const SAMPLE = TERMS + CHANNELS;

function samplesOf(
  band: readonly number[],
  lab: Float32Array,
  width: number,
  height: number,
): Float64Array {
  const samples = new Float64Array(band.length * SAMPLE);
  band.forEach((cell, i) => {
    const x = ((cell % width) / (width - 1)) * 2 - 1;
    const y = (Math.floor(cell / width) / (height - 1)) * 2 - 1;
    const [l, a, b] = [lab[cell * 3]!, lab[cell * 3 + 1]!, lab[cell * 3 + 2]!];
    samples.set([1, x, y, x * x, x * y, y * y, l, a, b], i * SAMPLE);
  });
  return samples;
}

/** How far a sample's channel is from what the terms make of it. */
function missOf(
  samples: Float64Array,
  sample: number,
  coefficients: readonly number[],
  channel: number,
): number {
  const o = sample * SAMPLE;
  let sum = -samples[o + TERMS + channel]!;
  for (let k = 0; k < TERMS; k++) sum += coefficients[k]! * samples[o + k]!;
  return sum;
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

/** Weighted least squares for all channels at once, by the normal equations and Gaussian elimination. */
function fit(samples: Float64Array, weights: Float64Array): number[][] {
  const system = new Float64Array(TERMS * SAMPLE);
  for (let o = 0, i = 0; o < samples.length; o += SAMPLE, i++) {
    for (let a = 0; a < TERMS; a++) {
      const weighted = weights[i]! * samples[o + a]!;
      for (let b = 0; b < SAMPLE; b++) system[a * SAMPLE + b]! += weighted * samples[o + b]!;
    }
  }
  // A trace of ridge: a band two pixels thin does not determine every term.
  for (let a = 0; a < TERMS; a++) {
    system[a * SAMPLE + a]! += a === 0 ? 1e-9 : (1e-6 * samples.length) / SAMPLE;
  }
  for (let a = 0; a < TERMS; a++) {
    for (let b = 0; b < TERMS; b++) {
      if (b === a) continue;
      const factor = system[b * SAMPLE + a]! / system[a * SAMPLE + a]!;
      for (let c = a; c < SAMPLE; c++) {
        system[b * SAMPLE + c]! -= factor * system[a * SAMPLE + c]!;
      }
    }
  }
  return Array.from({ length: CHANNELS }, (_, channel) =>
    Array.from(
      { length: TERMS },
      (__, a) => system[a * SAMPLE + TERMS + channel]! / system[a * SAMPLE + a]!,
    ),
  );
}
