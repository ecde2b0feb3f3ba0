import { type Field, insideOf } from "../../picture/raster.ts";

/** A closed line: x to the right, y up, in cells; the covered side is on its left. */
export type Loop = readonly (readonly [number, number])[];

/**
 * Traces where coverage crosses one half, between the centres of the cells (marching squares, linear in between, so a
 * smooth edge is met within a few hundredths of a cell).
 *
 * @param outline coverage 0..1 with empty cells along its edge
 */
export function traceLoops(outline: Field): Loop[] {
  const { width, height, data } = outline;
  const inside = insideOf(outline);
  // An edge between two cells is named by the first: twice its index, and one more for the edge downwards.
  const next = new Map<number, number>();
  for (let y = 0; y < height - 1; y++) {
    for (let cell = y * width; cell < (y + 1) * width - 1; cell++) {
      const here = inside[cell]!;
      // Most squares are inside or outside as a whole.
      if (
        here !== inside[cell + 1] ||
        here !== inside[cell + width] ||
        here !== inside[cell + width + 1]
      )
        linkSquare(cell, width, data, inside, next);
    }
  }
  const loops: Loop[] = [];
  while (next.size > 0) {
    const [start] = next.keys();
    const loop: [number, number][] = [];
    let edge = start!;
    while (next.has(edge)) {
      loop.push(crossingAt(edge, width, data));
      const following = next.get(edge)!;
      next.delete(edge);
      edge = following;
    }
    loops.push(loop);
  }
  return loops;
}

/** Adds the pieces of line through one square of four cells that the outline runs through, each from an edge that is crossed to the next. */
function linkSquare(
  cell: number,
  width: number,
  data: Float32Array,
  inside: Uint8Array,
  next: Map<number, number>,
): void {
  // Clockwise as the viewer sees them.
  const corners = [cell, cell + 1, cell + width + 1, cell + width];
  const count = corners.reduce((sum, corner) => sum + inside[corner]!, 0);
  const edges = [cell * 2, (cell + 1) * 2 + 1, (cell + width) * 2, cell * 2 + 1];
  const middle = corners.reduce((sum, corner) => sum + data[corner]!, 0) / 4;
  const opposite = count === 2 && inside[corners[0]!] === inside[corners[2]!];
  // Two corners that touch through a covered middle are one area: then the line goes around the empty corners.
  const around = opposite && middle > 0.5 ? 0 : 1;
  for (let first = 0; first < 4; first++) {
    if (inside[corners[first]!] !== around || inside[corners[(first + 3) & 3]!] === around)
      continue;
    let last = first;
    while (inside[corners[(last + 1) & 3]!] === around) last = (last + 1) & 3;
    const enters = edges[(first + 3) & 3]!;
    const leaves = edges[last]!;
    if (around === 1) next.set(enters, leaves);
    else next.set(leaves, enters);
  }
}

function crossingAt(edge: number, width: number, data: Float32Array): [number, number] {
  const from = edge >> 1;
  const down = (edge & 1) === 1;
  const a = data[from]!;
  const b = data[down ? from + width : from + 1]!;
  const along = (a - 0.5) / (a - b);
  const x = from % width;
  const y = Math.floor(from / width);
  return down ? [x, -(y + along)] : [x + along, -y];
}

/** The area a loop goes around, in square cells; negative for a hole. */
export function signedArea(loop: Loop): number {
  let sum = 0;
  for (let i = 0; i < loop.length; i++) {
    const [x, y] = loop[i]!;
    const [u, v] = loop[(i + 1) % loop.length]!;
    sum += x * v - u * y;
  }
  return sum / 2;
}
