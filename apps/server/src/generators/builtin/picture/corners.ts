import type { Background } from "./background.ts";

/** How long the squares in the corners are, of the picture's shorter side: a badge's round corners leave more. */
const PATCH = 0.025;
/** How far the cells of the corners may be from what all of them have together (CIE76). */
const EVEN = 6;

/** The cells of the four corners, each corner's together. */
export function cornerCells(width: number, height: number): number[][] {
  const side = Math.max(2, Math.round(Math.min(width, height) * PATCH));
  const square = (left: number, top: number): number[] =>
    Array.from(
      { length: side * side },
      (_, k) => (top + Math.floor(k / side)) * width + left + (k % side),
    );
  return [0, height - side].flatMap((top) => [0, width - side].map((left) => square(left, top)));
}

/** One colour for the whole background, where all four corners have it; else undefined. */
export function cornerBackground(
  lab: Float32Array,
  width: number,
  height: number,
): Background | undefined {
  const cells = cornerCells(width, height).flat();
  const mean = [0, 1, 2].map(
    (k) => cells.reduce((sum, c) => sum + lab[c * 3 + k]!, 0) / cells.length,
  );
  const off = cells.map((c) => Math.hypot(...mean.map((value, k) => lab[c * 3 + k]! - value)));
  if (Math.max(...off) > EVEN) return undefined;
  const spread = off.toSorted((a, b) => a - b)[Math.floor(off.length * 0.8)]!;
  return { coefficients: mean.map((value) => [value, 0, 0, 0, 0, 0]), spread };
}
