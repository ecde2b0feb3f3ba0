import { areas, type Field } from "../../picture/raster.ts";

/** What is seen of a body's turning about an upright axis. */
export interface Roundness {
  readonly isRound: boolean;
  readonly because: string;
}

/** The body's outline about its axis, in cells. */
export interface Profile {
  /** Where the axis stands. */
  readonly axis: number;
  /** The first and the last row that the body reaches, inclusive. */
  readonly top: number;
  readonly bottom: number;
  /** Half the width of each row from `top` on; 0 where nothing is. */
  readonly radius: Float32Array;
}

/** Both sides agree to this share of the body. */
const SYMMETRIC = 0.97;
/** What is turned is at least so high for its width; what is broad and symmetric is a face or a star. */
const UPRIGHT = 1.15;
/** The largest step of the radius from row to row, of the body's height: fins and arms are no turned body. */
const STEP = 0.12;

/** What fills so much of its rectangle is a box, like a telephone, a door or a book, sooner than a cylinder. */
const BOX = 0.9;

/** Whether an outline may be that of something turned: one part, no holes, the same on both sides, no arms, no box. */
export function roundness(coverage: Field): Roundness {
  const profile = profileOf(coverage);
  const height = profile.bottom - profile.top + 1;
  const widest = 2 * profile.radius.reduce((most, r) => Math.max(most, r), 0);
  const { parts, holes } = countAreas(coverage);
  const area = 2 * profile.radius.reduce((sum, r) => sum + r, 0);
  const isRound =
    parts === 1 &&
    holes === 0 &&
    height >= widest * UPRIGHT &&
    area < height * widest * BOX &&
    symmetryOf(coverage, profile.axis) >= SYMMETRIC &&
    largestStep(profile) <= height * STEP;
  return {
    isRound,
    because: isRound
      ? "its outline is the same on both sides of an upright axis"
      : "it is not round",
  };
}

/** What stands like something turned is so high for its width, its foot so wide, and its neck so narrow. */
const SLENDER = 1.3;
const FOOT = 0.6;
const NECK = 0.75;
/** A letter's serif steps further out at once than a collar or a cap, of the height. */
const COLLAR = 0.08;
/** How much of the height is its foot, and how near to the ends no neck is looked for. */
const LOW = 0.08;
const END = 0.1;

/**
 * Whether an outline that may be turned has to be: slender, on a wide and flat foot, with a neck between two wider
 * parts and no sudden step, like a pawn or a vase. Hearts, arrows, keys and bells are not.
 */
export function isTurned(coverage: Field): boolean {
  if (!roundness(coverage).isRound) return false;
  const profile = profileOf(coverage);
  const { radius } = profile;
  const height = radius.length;
  const widest = radius.reduce((most, r) => Math.max(most, r), 0);
  const foot = radius.slice(Math.floor(height * (1 - LOW)));
  const stands =
    foot.reduce((most, r) => Math.max(most, r), 0) >= widest * FOOT &&
    foot.at(-3)! >= widest * FOOT * 0.8;
  return (
    height >= 2 * widest * SLENDER &&
    stands &&
    neckOf(radius) <= NECK &&
    largestStep(profile) <= height * COLLAR
  );
}

/** The narrowest row between two wider ones, as a share of the narrower of these. */
function neckOf(radius: Float32Array): number {
  const above = Float32Array.from(radius);
  const below = Float32Array.from(radius);
  for (let k = 1; k < radius.length; k++) {
    above[k] = Math.max(above[k]!, above[k - 1]!);
    const up = radius.length - 1 - k;
    below[up] = Math.max(below[up]!, below[up + 1]!);
  }
  let narrowest = 1;
  for (let k = Math.floor(radius.length * END); k < radius.length * (1 - END); k++)
    narrowest = Math.min(narrowest, radius[k]! / Math.min(above[k]!, below[k]!));
  return narrowest;
}

function countAreas({ width, data }: Field): { parts: number; holes: number } {
  const inside = Uint8Array.from(data, (covered) => (covered > 0.5 ? 1 : 0));
  const outside = inside.map((cell) => 1 - cell);
  const around = areas(outside, width);
  return {
    parts: areas(inside, width).size.length - 1,
    holes: around.touchesEdge.filter((touches, name) => name > 0 && !touches).length,
  };
}

/** Steps at the very ends do not count: a bottle stands on a flat bottom. */
function largestStep({ radius }: Profile): number {
  const from = Math.round(radius.length * 0.06);
  let most = 0;
  for (let row = from + 1; row < radius.length - from; row++)
    most = Math.max(most, Math.abs(radius[row]! - radius[row - 1]!));
  return most;
}

/** Intersection over union of the outline and its mirror image. */
export function symmetryOf({ width, height, data }: Field, axis: number): number {
  let both = 0;
  let either = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const here = data[y * width + x]! > 0.5;
      const at = Math.round(2 * axis - x);
      const there = at >= 0 && at < width && data[y * width + at]! > 0.5;
      if (here && there) both++;
      if (here || there) either++;
    }
  }
  return either === 0 ? 0 : both / either;
}

/**
 * The axis and the radii of the round body: the axis is where most rows have their middle, and a row's radius is its
 * nearer side, so that a handle on the other one is not turned with it.
 */
export function profileOf(coverage: Field): Profile {
  const rows = Array.from({ length: coverage.height }, (_, y) => rowOf(coverage, y));
  const used = rows.flatMap((row, y) => (row === undefined ? [] : [y]));
  const [top = 0, bottom = 0] = [used[0], used.at(-1)];
  const middles = rows.flatMap((row) => (row === undefined ? [] : [(row.left + row.right) / 2]));
  const axis = commonest(middles);
  const radius = new Float32Array(bottom - top + 1);
  for (let y = top; y <= bottom; y++) {
    const row = rows[y];
    if (row === undefined) continue;
    const [left, right] = [axis - row.left, row.right - axis];
    radius[y - top] = Math.max(
      0,
      Math.abs(left - right) < 1.5 ? (left + right) / 2 : Math.min(left, right),
    );
  }
  return { axis, top, bottom, radius };
}

/** The middle of the densest half of the values. */
function commonest(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.max(1, Math.floor(sorted.length / 2));
  let best = 0;
  for (let k = 0; k + half < sorted.length; k++) {
    if (sorted[k + half]! - sorted[k]! < sorted[best + half]! - sorted[best]!) best = k;
  }
  const densest = sorted.slice(best, best + half);
  return densest.reduce((sum, value) => sum + value, 0) / Math.max(1, densest.length);
}

/**
 * Where the outline enters and leaves a row, between the centres of its cells: its widest stretch, so that a handle
 * beyond a gap does not count.
 */
function rowOf(
  { width, data }: Field,
  y: number,
): { readonly left: number; readonly right: number } | undefined {
  const row = data.subarray(y * width, (y + 1) * width);
  let [first, last] = [0, -1];
  for (let x = 0, start = 0; x <= width; x++) {
    if (x < width && row[x]! > 0.5) continue;
    if (x - 1 - start > last - first) [first, last] = [start, x - 1];
    start = x + 1;
  }
  if (last < first) return undefined;
  const beyond = (inner: number, outer: number): number =>
    (row[inner]! - 0.5) / (row[inner]! - (row[outer] ?? 0));
  return { left: first - beyond(first, first - 1), right: last + beyond(last, last + 1) };
}
