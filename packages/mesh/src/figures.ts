import { boundsOf, type Mesh, triangleCount } from "./mesh.ts";
import { isClosed, type Welded, welded } from "./weld.ts";

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
