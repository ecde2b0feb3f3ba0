import { areas, field, insideOf, type Field } from "./raster.ts";

/** Empty cells around the grid, so that the outline closes even where the object is cut off. */
export const MARGIN = 2;

/** Where the outline crosses between two cells, measured from the inner one: never on a cell itself. */
const NEAREST = 0.05;

/** The coverage with empty cells around it and without parts too small to have a body. */
export function frame(coverage: Field): Field {
  const { width, height } = coverage;
  const framed = field(width + 2 * MARGIN, height + 2 * MARGIN);
  for (let y = 0; y < height; y++) {
    framed.data.set(
      coverage.data.subarray(y * width, (y + 1) * width),
      (y + MARGIN) * framed.width + MARGIN,
    );
  }
  const inside = insideOf(framed);
  const parts = areas(inside, framed.width);
  const largest = Math.max(0, ...parts.size);
  const least = Math.min(largest, 3);
  if (parts.size.every((size, name) => name === 0 || size >= least)) return framed;
  for (let cell = 0; cell < inside.length; cell++) {
    const name = parts.label[cell]!;
    if (name > 0 && parts.size[name]! < least) framed.data[cell] = 0;
  }
  return framed;
}

/** How far from the inner cell, 0..1, the outline crosses on the way to the outer one. */
export function crossing(inner: number, outer: number): number {
  return Math.min(1 - NEAREST, Math.max(NEAREST, (inner - 0.5) / (inner - outer)));
}

/** The diagonal that `solvePoisson` asks for: how near the outline is on each side. */
export function outlineDiagonal({ width, data }: Field, inside: Uint8Array): Float32Array {
  const diagonal = new Float32Array(data.length);
  const steps = [-1, 1, -width, width];
  for (let cell = 0; cell < data.length; cell++) {
    if (inside[cell] === 0) continue;
    for (const step of steps) {
      const next = cell + step;
      diagonal[cell]! += inside[next] === 1 ? 1 : 1 / crossing(data[cell]!, data[next]!);
    }
  }
  return diagonal;
}

/** How wide the parts are on average, in cells: twice the area over the length of the outline. */
export function meanWidth({ width, height, data }: Field): number {
  let cells = 0;
  let rim = 0;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (data[i]! <= 0.5) continue;
      cells++;
      if (x === 0 || data[i - 1]! <= 0.5) rim++;
      if (x === width - 1 || data[i + 1]! <= 0.5) rim++;
      if (y === 0 || data[i - width]! <= 0.5) rim++;
      if (y === height - 1 || data[i + width]! <= 0.5) rim++;
    }
  }
  return (2 * cells) / Math.max(1, rim);
}
