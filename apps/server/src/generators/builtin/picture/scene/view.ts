import { fitMixture, type Mixture } from "../grabcut/mixture.ts";
import { applied, modelEdges, type EdgeModel } from "../guided.ts";
import { toLab } from "../lab.ts";
import type { Picture } from "../raster.ts";

/** A small picture, ready to be parted. */
export interface View {
  readonly width: number;
  readonly height: number;
  /** CIE L*a*b*, three numbers a cell. */
  readonly lab: Float32Array;
  /** Smooths what is told of each cell, but not across the picture's edges. */
  within(values: Float32Array): EdgeModel;
  /** The same, on the view's own cells. */
  smoothed(values: Float32Array): Float32Array;
}

/** How far colours speak for their neighbours, in cells. */
const REACH = 2;
/** How much a colour has to change to be an edge, squared: more than bark or leaves do. */
const NOISE = 0.006;

export function viewOf(picture: Picture): View {
  const { width, height, data } = picture;
  const guide = new Float32Array(width * height * 3);
  for (let cell = 0, at = 0; at < guide.length; cell += 4, at += 3) {
    for (let k = 0; k < 3; k++) guide[at + k] = data[cell + k]! / 255;
  }
  const within = modelEdges(guide, picture, REACH, NOISE);
  return {
    width,
    height,
    lab: toLab(picture),
    within,
    smoothed: (values) => applied(within(values), guide, picture).data,
  };
}

/** How far two cells' colours are apart (CIE76). */
export function gap(lab: Float32Array, a: number, b: number): number {
  const x = lab[a * 3]! - lab[b * 3]!;
  const y = lab[a * 3 + 1]! - lab[b * 3 + 1]!;
  const z = lab[a * 3 + 2]! - lab[b * 3 + 2]!;
  return Math.sqrt(x * x + y * y + z * z);
}

/** So many cells tell what a part looks like, and so few do not. */
const [MOST, FEWEST] = [400, 20];

/** What the cells with a value in a mask look like; undefined where they are too few to tell. */
export function looksOf(
  { lab }: View,
  mask: Uint8Array,
  value: 0 | 1,
  kinds: number,
): Mixture | undefined {
  let count = 0;
  for (let cell = 0; cell < mask.length; cell++) if (mask[cell] === value) count++;
  if (count < FEWEST) return undefined;
  const every = Math.ceil(count / MOST);
  const members = new Int32Array(Math.ceil(count / every));
  for (let cell = 0, seen = 0; cell < mask.length; cell++) {
    if (mask[cell] !== value) continue;
    if (seen % every === 0) members[seen / every] = cell;
    seen++;
  }
  return fitMixture(lab, members, kinds);
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
