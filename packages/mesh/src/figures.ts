import { boundsOf, type Mesh, triangleCount } from "./mesh.ts";
import { type Welded, welded } from "./weld.ts";

/** What can be told of a mesh in numbers. */
export interface Figures {
  readonly triangles: number;
  /** Vertices at different places. */
  readonly vertices: number;
  /** Width (x), height (y) and depth (z), in metres as the file has them. */
  readonly size: readonly [number, number, number];
  /** True if the triangles at every edge pair up: it has an inside, and can be printed. */
  readonly watertight: boolean;
  /** What it encloses, in cubic metres; null if it is not watertight. */
  readonly volume: number | null;
  /** True if a texture or vertex colours come with it. */
  readonly coloured: boolean;
}

/** Counts and measures a mesh. */
export function figuresOf(mesh: Mesh): Figures {
  const { low, high } = boundsOf(mesh);
  const one = welded(mesh);
  const watertight = isClosed(one);
  return {
    triangles: triangleCount(mesh),
    vertices: one.positions.length / 3,
    size: [high[0] - low[0], high[1] - low[1], high[2] - low[2]],
    watertight,
    volume: watertight ? Math.abs(volumeOf(one)) : null,
    coloured: mesh.parts.some(({ picture, colours }) => picture ?? colours),
  };
}

/**
 * Every edge is passed as often in one direction as in the other: more than once where solids touch along it.
 * Sorting is quicker than a map of millions of edges.
 */
function isClosed({ positions, indices }: Welded): boolean {
  const span = positions.length / 3;
  const there = new Float64Array(indices.length);
  const back = new Float64Array(indices.length);
  for (let at = 0; at < indices.length; at++) {
    const from = indices[at]!;
    const to = indices[at % 3 === 2 ? at - 2 : at + 1]!;
    there[at] = from * span + to;
    back[at] = to * span + from;
  }
  there.sort();
  back.sort();
  return indices.length > 0 && there.every((edge, at) => edge === back[at]);
}

/** The sum of the signed tetrahedra between the origin and each triangle. */
function volumeOf({ positions: p, indices }: Welded): number {
  let six = 0;
  for (let at = 0; at < indices.length; at += 3) {
    const [a, b, c] = [indices[at]! * 3, indices[at + 1]! * 3, indices[at + 2]! * 3];
    six +=
      p[a]! * (p[b + 1]! * p[c + 2]! - p[b + 2]! * p[c + 1]!) +
      p[a + 1]! * (p[b + 2]! * p[c]! - p[b]! * p[c + 2]!) +
      p[a + 2]! * (p[b]! * p[c + 1]! - p[b + 1]! * p[c]!);
  }
  return six / 6;
}
