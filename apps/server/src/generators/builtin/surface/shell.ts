import { crossing } from "../picture/outline.ts";
import { type Field, insideOf } from "../picture/raster.ts";
import { coarsen } from "./coarsen.ts";

/** Positions in cells, x to the right, y down, z towards the viewer. */
export interface Shell {
  readonly positions: Float32Array;
  /** Triangles: first those of the squares that the outline runs through, so many corners, then all others. */
  readonly indices: Uint32Array;
  readonly alongOutline: number;
  /** The vertices of the inner cells, on the front and on the back. */
  readonly frontAt: Int32Array;
  readonly backAt: Int32Array;
}

/**
 * Closes a front and a back over an outline by marching squares. Both share the vertices on the outline (z = 0), so
 * the surface has no gap by construction. Cells that touch by a corner alone are joined only if the middle of the
 * square between them is covered, so no edge ever has more than two triangles.
 *
 * @param outline coverage 0..1 with empty cells along its edge
 * @param front height of each inner cell over the plane of the outline, above zero
 * @param back depth of each inner cell under it, above zero
 */
export function closeShell(outline: Field, front: Float32Array, back: Float32Array): Shell {
  const { width, height, data } = outline;
  const inside = insideOf(outline);
  const frontAt = new Int32Array(data.length);
  const backAt = new Int32Array(data.length);
  const rightAt = new Int32Array(data.length);
  const belowAt = new Int32Array(data.length);
  const most = roomFor(inside, width);
  const positions = new Float32Array(most.vertices * 3);
  let vertices = 0;
  const add = (x: number, y: number, z: number): number => {
    const o = vertices * 3;
    positions[o] = x;
    positions[o + 1] = y;
    positions[o + 2] = z;
    return vertices++;
  };
  const towards = (from: number, to: number): number =>
    inside[from] === 1 ? crossing(data[from]!, data[to]!) : 1 - crossing(data[to]!, data[from]!);

  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      if (inside[i] === 1) {
        frontAt[i] = add(x, y, front[i]!);
        backAt[i] = add(x, y, -back[i]!);
      }
      if (x < width - 1 && inside[i] !== inside[i + 1])
        rightAt[i] = add(x + towards(i, i + 1), y, 0);
      if (y < height - 1 && inside[i] !== inside[i + width])
        belowAt[i] = add(x, y + towards(i, i + width), 0);
    }
  }

  const indices = new Uint32Array(most.triangles * 3);
  let used = 0;
  const triangle = (a: number, b: number, c: number): void => {
    indices[used++] = a;
    indices[used++] = b;
    indices[used++] = c;
  };
  // A polygon's vertices on the front and on the back, clockwise as the viewer sees them.
  const fronts = new Int32Array(6);
  const backs = new Int32Array(6);
  let corners = 0;
  const corner = (onFront: number, onBack: number): void => {
    fronts[corners] = onFront;
    backs[corners++] = onBack;
  };
  const fan = (from: number): void => {
    for (let k = 1; k < corners - 1; k++) {
      const p = from % corners;
      const q = (from + k) % corners;
      const r = (from + k + 1) % corners;
      triangle(fronts[p]!, fronts[r]!, fronts[q]!);
      triangle(backs[p]!, backs[q]!, backs[r]!);
    }
    corners = 0;
  };

  const cells = new Int32Array(4);
  const edges = new Int32Array(4);
  for (let y = 0; y < height - 1; y++) {
    for (let x = 0; x < width - 1; x++) {
      const i = y * width + x;
      cells[0] = i;
      cells[1] = i + 1;
      cells[2] = i + width + 1;
      cells[3] = i + width;
      const count = inside[i]! + inside[i + 1]! + inside[i + width + 1]! + inside[i + width]!;
      if (count === 0 || count === 4) continue;
      edges[0] = rightAt[i]!;
      edges[1] = belowAt[i + 1]!;
      edges[2] = rightAt[i + width]!;
      edges[3] = belowAt[i]!;
      const middle = (data[i]! + data[i + 1]! + data[i + width]! + data[i + width + 1]!) / 4;
      const apart = count === 2 && inside[cells[0]] === inside[cells[2]] && middle <= 0.5;
      for (let q = 0; q < 4; q++) {
        const here = cells[q]!;
        const next = cells[(q + 1) & 3]!;
        if (apart) {
          if (inside[here] === 0) continue;
          corner(frontAt[here]!, backAt[here]!);
          corner(edges[q]!, edges[q]!);
          corner(edges[(q + 3) & 3]!, edges[(q + 3) & 3]!);
          fan(0);
          continue;
        }
        if (inside[here] === 1) corner(frontAt[here]!, backAt[here]!);
        if (inside[here] !== inside[next]) corner(edges[q]!, edges[q]!);
      }
      // Fanned out from a corner, never from the outline: its vertices lie on both sides.
      if (!apart) fan(inside[cells[0]] === 1 ? 0 : 1);
    }
  }
  const alongOutline = used;
  for (let i = 0; i < data.length - width - 1; i++) {
    if (!isCovered(inside, i, width)) continue;
    const [a, b, c, d] = [i, i + 1, i + width + 1, i + width];
    // Split along the diagonal that bends less.
    const falls = Math.abs(front[a]! - front[c]!) <= Math.abs(front[b]! - front[d]!);
    const p = falls ? a : b;
    const q = falls ? b : c;
    const r = falls ? c : d;
    const s = falls ? d : a;
    triangle(frontAt[p]!, frontAt[r]!, frontAt[q]!);
    triangle(frontAt[p]!, frontAt[s]!, frontAt[r]!);
    triangle(backAt[p]!, backAt[q]!, backAt[r]!);
    triangle(backAt[p]!, backAt[r]!, backAt[s]!);
  }
  return { positions, indices: indices.subarray(0, used), alongOutline, frontAt, backAt };
}

/**
 * The triangles of a shell, fewer of them where it is even: no cell is off them by more than `tolerance`.
 *
 * @param front the heights that the shell was closed over, as are `outline` and `back`
 * @param tolerance in cells; below zero keeps all
 */
export function coarsenShell(
  { indices, alongOutline, frontAt, backAt }: Shell,
  outline: Field,
  front: Float32Array,
  back: Float32Array,
  tolerance: number,
): Uint32Array {
  if (tolerance < 0) return indices;
  const { width } = outline;
  const covered = new Uint8Array(front.length);
  const inside = insideOf(outline);
  for (let i = 0; i < inside.length - width - 1; i++)
    covered[i] = isCovered(inside, i, width) ? 1 : 0;
  const near = coarsen({ ...outline, data: front }, covered, tolerance);
  const far = coarsen({ ...outline, data: back }, covered, tolerance);
  const coarse = new Uint32Array(alongOutline + near.length + far.length);
  coarse.set(indices.subarray(0, alongOutline));
  let used = alongOutline;
  for (const cell of near) coarse[used++] = frontAt[cell]!;
  for (let t = far.length - 1; t >= 0; t--) coarse[used++] = backAt[far[t]!]!;
  return coarse;
}

/** Whether all four cells of a square are inside. Nothing is inside along the grid's edge. */
function isCovered(inside: Uint8Array, i: number, width: number): boolean {
  const count = inside[i]! + inside[i + 1]! + inside[i + width]! + inside[i + width + 1]!;
  return count === 4;
}

/**
 * Enough for the surface over these cells: each has two vertices, each edge that crosses one, a square that is all
 * inside four triangles, and another at most eight.
 */
function roomFor(inside: Uint8Array, width: number): { vertices: number; triangles: number } {
  let [vertices, triangles] = [0, 0];
  // Nothing is inside along the grid's edge.
  for (let i = 0; i < inside.length - width - 1; i++) {
    const [here, right, below] = [inside[i]!, inside[i + 1]!, inside[i + width]!];
    const count = here + right + below + inside[i + width + 1]!;
    if (count === 0) continue;
    vertices += here * 2 + (here ^ right) + (here ^ below);
    triangles += count === 4 ? 4 : 8;
  }
  return { vertices, triangles };
}
