import type { Field } from "../../picture/raster.ts";

/** How far a bridge reaches from the corner, in squares: its neck is a fifth of a square wide. */
const REACH = 0.15;

/**
 * Bridges where squares of pixel art touch by a corner alone: small diamonds on those corners, as polygons in cells, y
 * up. Without them a diagonal line is as many loose parts as it has pixels.
 *
 * @param coverage cells that are covered or not, the square's edges running between them
 * @param square how long a square is, in cells
 */
export function bridgesOf({ width, height, data }: Field, square: number): [number, number][][] {
  const bridges: [number, number][][] = [];
  const reach = REACH * square;
  for (let y = 0; y < height - 1; y++) {
    for (let x = 0; x < width - 1; x++) {
      const cell = y * width + x;
      const [a, b] = [data[cell]! > 0.5, data[cell + 1]! > 0.5];
      const [c, d] = [data[cell + width]! > 0.5, data[cell + width + 1]! > 0.5];
      if (a !== d || b !== c || a === b) continue;
      const [u, v] = [x + 0.5, -(y + 0.5)];
      bridges.push([
        [u + reach, v],
        [u, v + reach],
        [u - reach, v],
        [u, v - reach],
      ]);
    }
  }
  return bridges;
}
