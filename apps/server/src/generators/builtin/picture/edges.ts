import type { Field } from "./raster.ts";

/** What the outline's direction tells of a thing. */
export interface Edges {
  /** The share of the outline that runs level or upright, 0..1: a twentieth of a circle does. */
  readonly level: number;
  /** The share that runs in one of its four commonest directions, 0..1. */
  readonly straight: number;
}

/** Directions are counted in bins of three degrees, and three bins beside each other are one direction. */
const BINS = 60;
const DIRECTIONS = 4;
/** A weaker slope of the coverage has no direction: a lone cell. */
const FAINTEST = 0.3;

/** @param outline coverage 0..1 with empty cells along its edge */
export function edgesOf({ width, height, data }: Field): Edges {
  const bins = new Float64Array(BINS);
  let rim = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let cell = y * width + 1; cell < (y + 1) * width - 1; cell++) {
      if (data[cell]! <= 0.5) continue;
      const [above, below] = [cell - width, cell + width];
      const inner =
        data[cell - 1]! > 0.5 && data[cell + 1]! > 0.5 && data[above]! > 0.5 && data[below]! > 0.5;
      if (inner) continue;
      // Sobel's operator: the outline runs across the slope.
      const falling = data[below + 1]! - data[above - 1]!;
      const rising = data[above + 1]! - data[below - 1]!;
      const across = falling + rising + 2 * (data[cell + 1]! - data[cell - 1]!);
      const down = falling - rising + 2 * (data[below]! - data[above]!);
      if (Math.abs(across) + Math.abs(down) < FAINTEST) continue;
      rim++;
      const turns = Math.atan2(down, across) / Math.PI + 1;
      bins[Math.round(turns * BINS) % BINS]!++;
    }
  }
  if (rim === 0) return { level: 0, straight: 0 };
  const level = (bins[0]! + bins[BINS / 2]!) / rim;
  let straight = 0;
  for (let k = 0; k < DIRECTIONS; k++) straight += takeCommonest(bins);
  return { level, straight: straight / rim };
}

/** The largest sum of three bins side by side, which are emptied. */
function takeCommonest(bins: Float64Array): number {
  const around = (bin: number): number[] => [bin + BINS - 1, bin, bin + 1].map((k) => k % BINS);
  let [most, best] = [-1, 0];
  for (let bin = 0; bin < BINS; bin++) {
    const sum = around(bin).reduce((all, k) => all + bins[k]!, 0);
    if (sum > most) [most, best] = [sum, bin];
  }
  for (const k of around(best)) bins[k] = 0;
  return most;
}
