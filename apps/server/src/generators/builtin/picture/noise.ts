import type { Field } from "./raster.ts";

/** How far beside a strong edge a JPEG's blocks ring, in cells; nearer the edge itself is soft. */
const RINGING = { from: 3, to: 8 } as const;
/** How many times the roughness of six tenths of the cells ringing goes, and what passes for ringing at most. */
const SHARE = 0.6;
const LOUDER = 20;
const LOUDEST = 12;
/** Fewer cells say nothing. */
const HEARD = 64;

/** Up to which distance each cell passes for background. */
export type Limits = Float32Array;

/**
 * Raises the limit beside the object as far as the background rings there: there, and nowhere else, blocks of a JPEG
 * leave it. How far is measured by how rough it is, since a drawing's background and pale parts are smooth.
 *
 * @param distances of the cells from the background
 * @param foreground 1 for what is not background for sure
 * @param strong the distance from which a cell is the object's beyond doubt
 * @returns undefined where nothing rings
 */
export function limitsBeside(
  distances: Field,
  foreground: Uint8Array,
  { threshold, strong }: { readonly threshold: number; readonly strong: number },
): Limits | undefined {
  const noise = noiseOf(distances, foreground, strong);
  if (noise <= threshold) return undefined;
  const beside = reach(distances, strong, RINGING.to);
  return Float32Array.from(beside, (near) => (near === 1 ? noise : threshold));
}

/** How far background cells ring that are so many cells beside strong ones. */
function noiseOf({ width, height, data }: Field, foreground: Uint8Array, strong: number): number {
  const rough: number[] = [];
  for (let y = 1; y < height - 1; y++) {
    let since = RINGING.to + 1;
    for (let cell = y * width + 1; cell < (y + 1) * width - 1; cell++) {
      since = data[cell]! > strong ? 0 : since + 1;
      if (since < RINGING.from || since > RINGING.to || foreground[cell] === 1) continue;
      const around = data[cell - 1]! + data[cell + 1]! + data[cell - width]! + data[cell + width]!;
      rough.push(Math.abs(data[cell]! - around / 4));
    }
  }
  if (rough.length < HEARD) return 0;
  const usual = Float32Array.from(rough).sort()[Math.floor(rough.length * SHARE)]!;
  return Math.min(LOUDEST, usual * LOUDER);
}

/** 1 for cells that have a strong one at most `far` rows and columns away. */
function reach({ width, height, data }: Field, strong: number, far: number): Uint8Array {
  const across = new Uint8Array(data.length);
  const both = new Uint8Array(data.length);
  const spread = (
    line: number,
    stride: number,
    length: number,
    is: (cell: number) => boolean,
    to: Uint8Array,
  ) => {
    let marked = 0;
    for (let k = 0; k < length; k++) {
      if (!is(line + k * stride)) continue;
      const end = Math.min(length - 1, k + far);
      for (marked = Math.max(marked, k - far); marked <= end; marked++)
        to[line + marked * stride] = 1;
    }
  };
  for (let y = 0; y < height; y++)
    spread(y * width, 1, width, (cell) => data[cell]! > strong, across);
  for (let x = 0; x < width; x++) spread(x, width, height, (cell) => across[cell] === 1, both);
  return both;
}
