import { areas } from "../raster.ts";
import { gap, looksOf, median, type View } from "./view.ts";

/** A sky or a wall: smooth, at the picture's upper edge, behind everything else. */
export interface Backdrop {
  /** 1 where it is. */
  readonly inside: Uint8Array;
  /** About the row where the ground begins. */
  readonly horizon: number;
}

/** Looks for a backdrop; undefined where none is clear. */
export function backdropOf(view: View): Backdrop | undefined {
  const border = firstBorder(view);
  const inside = border && grown(view, border);
  if (inside === undefined || !isClear(view, inside)) return undefined;
  return { inside, horizon: horizonOf(view, inside) };
}

/** Steps of colour that are tried as the border, and how much of the picture may lie above it. */
const STEPS = { least: 2.5, most: 40, factor: 1.15 };
const SHARE = { least: 0.05, most: 0.93 };
/** Sums of L*, a*, b* and their six products. */
const SUMS = 9;

/**
 * For each column the row where the sky ends: the first step of colour above a threshold, the one that leaves the least
 * spread of colours on both sides (Shen and Wang, 2013).
 */
function firstBorder({ width, height, lab }: View): Int32Array | undefined {
  const steps = new Float32Array(width * height);
  for (let cell = width; cell < steps.length; cell++) {
    const aside = cell % width > 0 ? gap(lab, cell, cell - 1) : 0;
    steps[cell] = Math.max(gap(lab, cell, cell - width), 0.7 * aside);
  }
  const sums = sumsOf(lab, width);
  let best: Int32Array | undefined;
  let least = Infinity;
  for (let step = STEPS.least; step < STEPS.most; step *= STEPS.factor) {
    const border = new Int32Array(width).fill(height);
    const [above, below] = [new Float64Array(SUMS), new Float64Array(SUMS)];
    let count = 0;
    for (let x = 0; x < width; x++) {
      let y = 1;
      while (y < height && steps[y * width + x]! <= step) y++;
      border[x] = y;
      count += y;
      for (let k = 0; k < SUMS; k++) {
        const upper = sums[(y * width + x) * SUMS + k]!;
        above[k]! += upper;
        below[k]! += sums[(height * width + x) * SUMS + k]! - upper;
      }
    }
    const share = count / (width * height);
    if (share < SHARE.least || share > SHARE.most) continue;
    const spread = 2 * spreadOf(above, count) + spreadOf(below, width * height - count);
    if (spread >= least) continue;
    least = spread;
    best = border;
  }
  return best;
}

/** For each cell the sums of what lies above it in its column, so that trying a border costs no more than its width. */
function sumsOf(lab: Float32Array, width: number): Float64Array {
  const sums = new Float64Array((lab.length / 3 + width) * SUMS);
  for (let cell = 0; cell < lab.length / 3; cell++) {
    const l = lab[cell * 3]!;
    const a = lab[cell * 3 + 1]!;
    const b = lab[cell * 3 + 2]!;
    const at = cell * SUMS;
    const below = at + width * SUMS;
    sums[below] = sums[at]! + l;
    sums[below + 1] = sums[at + 1]! + a;
    sums[below + 2] = sums[at + 2]! + b;
    sums[below + 3] = sums[at + 3]! + l * l;
    sums[below + 4] = sums[at + 4]! + l * a;
    sums[below + 5] = sums[at + 5]! + l * b;
    sums[below + 6] = sums[at + 6]! + a * a;
    sums[below + 7] = sums[at + 7]! + a * b;
    sums[below + 8] = sums[at + 8]! + b * b;
  }
  return sums;
}

/** The volume that colours fill: the root of their covariance's determinant; a camera's noise is in every variance. */
function spreadOf(sums: Float64Array, count: number): number {
  const noise = 2;
  const [l, a, b] = [sums[0]! / count, sums[1]! / count, sums[2]! / count];
  const xx = sums[3]! / count - l * l + noise;
  const xy = sums[4]! / count - l * a;
  const xz = sums[5]! / count - l * b;
  const yy = sums[6]! / count - a * a + noise;
  const yz = sums[7]! / count - a * b;
  const zz = sums[8]! / count - b * b + noise;
  const volume = xx * (yy * zz - yz * yz) - xy * (xy * zz - yz * xz) + xz * (xy * yz - yy * xz);
  return Math.sqrt(Math.max(0, volume));
}

/** How much colours may say, how much the first border says, and how much the place: units of -log of a density. */
const COLOUR = 6;
const BORDER = 2;
const PLACE = 3;
/** The lowest rows are never sky. */
const FLOOR = 0.96;

/** From the first border to what has its colours: between branches, and behind clouds. */
function grown(view: View, border: Int32Array): Uint8Array | undefined {
  const { width, height, lab } = view;
  const guess = new Uint8Array(width * height);
  for (let cell = 0; cell < guess.length; cell++) {
    guess[cell] = Math.floor(cell / width) < border[cell % width]! ? 1 : 0;
  }
  const [sky, rest] = [looksOf(view, guess, 1, 4), looksOf(view, guess, 0, 5)];
  if (sky === undefined || rest === undefined) return undefined;
  const pull = new Float32Array(width * height);
  for (let cell = 0; cell < pull.length; cell++) {
    const down = Math.floor(cell / width) / height;
    const colour = rest.cost(lab, cell * 3) - sky.cost(lab, cell * 3);
    pull[cell] =
      down >= FLOOR
        ? -COLOUR - PLACE
        : Math.max(-COLOUR, Math.min(COLOUR, colour)) +
          PLACE * (0.5 - down) +
          (guess[cell] === 1 ? BORDER : -BORDER);
  }
  return fromAbove(view.smoothed(pull), width);
}

/** The parts that reach the upper edge. */
function fromAbove(pull: Float32Array, width: number): Uint8Array {
  const mask = new Uint8Array(pull.length);
  for (let cell = 0; cell < pull.length; cell++) mask[cell] = pull[cell]! > 0 ? 1 : 0;
  const { label } = areas(mask, width);
  const reaches = new Set(label.subarray(0, width));
  for (let cell = 0; cell < mask.length; cell++) {
    if (!reaches.has(label[cell]!)) mask[cell] = 0;
  }
  return mask;
}

/** What a backdrop must be, found on photographs: shares of the picture, colours and steps in CIE L*a*b*. */
const CLEAR = { least: 0.04, most: 0.95, top: 0.5, rough: 5, rougher: 0.57, still: 2 };
const COLOURS = { brighter: 8, blue: -10, bluer: 8, red: 12, yellow: 24 };
/** The step of colour along its border; a blue sky may be told from the dark by less. */
const EDGE = { usual: 3.5, blue: 2 };

function isClear({ width, height, lab }: View, inside: Uint8Array): boolean {
  const [sky, rest] = [new Float64Array(3), new Float64Array(3)];
  const [inner, outer] = [
    { sum: 0, count: 0 },
    { sum: 0, count: 0 },
  ];
  const border: number[] = [];
  let [area, top] = [0, 0];
  for (let cell = 0; cell < inside.length; cell++) {
    const is = inside[cell];
    area += is!;
    if (cell < width) top += is!;
    for (let k = 0; k < 3; k++) (is === 1 ? sky : rest)[k]! += lab[cell * 3 + k]!;
    if (cell >= width && is !== inside[cell - width]) border.push(gap(lab, cell, cell - width));
    if (cell % width === 0) continue;
    const step = gap(lab, cell, cell - 1);
    if (is !== inside[cell - 1]) {
      border.push(step);
      continue;
    }
    const side = is === 1 ? inner : outer;
    side.sum += step;
    side.count++;
  }
  const share = area / (width * height);
  if (share < CLEAR.least || share > CLEAR.most || top < CLEAR.top * width) return false;
  const [light, red, yellow] = [sky[0]! / area, sky[1]! / area, sky[2]! / area];
  const [otherLight, otherYellow] = [
    rest[0]! / (inside.length - area),
    rest[2]! / (inside.length - area),
  ];
  const [roughness, others] = [inner.sum / inner.count, outer.sum / outer.count];
  const isBlue = yellow < COLOURS.blue && yellow < otherYellow - COLOURS.bluer;
  const isBright = light > otherLight + COLOURS.brighter;
  const isPale = Math.abs(red) < COLOURS.red && yellow < COLOURS.yellow;
  const isSmooth = roughness < CLEAR.rough && roughness < CLEAR.rougher * others;
  return (
    ((isBright && isPale) || isBlue) &&
    (isSmooth || (isBlue && isBright && roughness < CLEAR.still)) &&
    median(border) >= (isBlue ? EDGE.blue : EDGE.usual)
  );
}

/** The lowest row that it reaches in most of its columns. */
function horizonOf({ width, height }: View, inside: Uint8Array): number {
  const reach: number[] = [];
  for (let x = 0; x < width; x++) {
    let y = 0;
    while (y < height && inside[y * width + x] === 1) y++;
    if (y > 0) reach.push(y);
  }
  return reach.toSorted((p, q) => p - q)[Math.floor(reach.length * 0.8)] ?? height;
}
