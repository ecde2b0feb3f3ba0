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
export function bridgesOf({ width, height, data }: Field, square: number): Point[][] {
  const bridges: Point[][] = [];
  const reach = REACH * square;
  for (let y = 0; y < height - 1; y++) {
    for (let x = 0; x < width - 1; x++) {
      const cell = y * width + x;
      const [a, b] = [data[cell]! > 0.5, data[cell + 1]! > 0.5];
      const [c, d] = [data[cell + width]! > 0.5, data[cell + width + 1]! > 0.5];
      if (a !== d || b !== c || a === b) continue;
      bridges.push(diamond([x + 0.5, -(y + 0.5)], reach));
    }
  }
  return bridges;
}

/** Corners nearer than this, in cells, are at one place once they are written as millimetres. */
const TOUCH = 0.02;
/** How far what joins them reaches, in cells. */
const PATCH = 0.25;

/**
 * Small diamonds where corners of an outline meet in a point: walls raised there would share an edge, which slicers
 * take for a hole in the surface.
 */
export function patchesOf(polygons: readonly (readonly Point[])[]): Point[][] {
  const corners = polygons.flat().toSorted(([a], [b]) => a - b);
  const patches: Point[][] = [];
  for (let i = 0; i < corners.length; i++) {
    const [x, y] = corners[i]!;
    for (let k = i + 1; k < corners.length && corners[k]![0] - x < TOUCH; k++) {
      if (Math.abs(corners[k]![1] - y) < TOUCH) patches.push(diamond([x, y], PATCH));
    }
  }
  return patches;
}

type Point = [number, number];

function diamond([x, y]: Point, reach: number): Point[] {
  return [
    [x + reach, y],
    [x, y + reach],
    [x - reach, y],
    [x, y - reach],
  ];
}
