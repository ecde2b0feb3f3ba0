/** A picture as it lies in a file. */
export interface Picture {
  /** `image/png`, `image/jpeg` or `image/webp`. */
  readonly mimeType: string;
  readonly bytes: Uint8Array;
}

/** Triangles and what their vertices carry. */
export interface Surface {
  /** xyz of each vertex. */
  readonly positions: Float32Array;
  /** A unit vector for each vertex. */
  readonly normals?: Float32Array | undefined;
  /** glTF's texture coordinates, two for each vertex: 0,0 is the upper left corner. */
  readonly uvs?: Float32Array | undefined;
  /** Linear red, green and blue of each vertex, 0..1. */
  readonly colours?: Float32Array | undefined;
  /** Three for each triangle. */
  readonly indices: Uint32Array;
}

/** Triangles that share one material, in the scene's space: metres, +Y up, counter-clockwise from outside. */
export interface Part extends Surface {
  /** Linear red, green and blue of the material, 0..1. */
  readonly colour: readonly [number, number, number];
  /** The material's texture. */
  readonly picture?: Picture | undefined;
}

/** A mesh as every format of ours can hold it. It has at least one triangle. */
export interface Mesh {
  readonly parts: readonly Part[];
  /** Millimetres that the longest side is meant to have when it is printed, if the file says so. */
  readonly sizeMm?: number | undefined;
  /** What lies on a printer's bed, if the file says so: the side at -Z, or else the one at -Y. */
  readonly restsOn?: "back" | "foot" | undefined;
}

/** What came of bytes that somebody else wrote: the value, or one sentence that says what is wrong with them. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: string };

/** What is refused before it costs memory. */
export const LIMITS = {
  /** In a mesh. */
  triangles: 10_000_000,
  vertices: 10_000_000,
  /** Of all arrays that a file describes, once they are unpacked. */
  bytes: 1024 ** 3,
  /** Of a glTF scene: how many nodes, and how deep they may lie in each other. */
  nodes: 100_000,
  depth: 256,
} as const;

/** What is wrong with a file. Thrown and caught inside this package only. */
export class Fault extends Error {}

/** The smallest box around a mesh, in metres. */
export interface Bounds {
  readonly low: readonly [number, number, number];
  readonly high: readonly [number, number, number];
}

/** The box around the vertices that triangles use. */
export function boundsOf({ parts }: Mesh): Bounds {
  const low: [number, number, number] = [Infinity, Infinity, Infinity];
  const high: [number, number, number] = [-Infinity, -Infinity, -Infinity];
  for (const { positions, indices } of parts) {
    for (const index of indices) {
      for (const axis of [0, 1, 2] as const) {
        const value = positions[index * 3 + axis]!;
        if (value < low[axis]) low[axis] = value;
        if (value > high[axis]) high[axis] = value;
      }
    }
  }
  return { low, high };
}

/** Three numbers for each triangle of a mesh. */
export function triangleCount({ parts }: Mesh): number {
  return parts.reduce((sum, { indices }) => sum + indices.length / 3, 0);
}

/** A mesh of parts that were read. Throws a Fault when they hold nothing, too much, or what is no number. */
export function checked(parts: readonly Part[]): Mesh {
  const kept = parts.filter(({ indices }) => indices.length >= 3);
  const mesh = { parts: kept };
  const vertices = kept.reduce((sum, { positions }) => sum + positions.length / 3, 0);
  if (triangleCount(mesh) === 0) throw new Fault("It holds no triangles.");
  refuseOver(triangleCount(mesh), LIMITS.triangles, "triangles");
  refuseOver(vertices, LIMITS.vertices, "vertices");
  for (const { positions, normals, uvs, colours, indices } of kept) {
    const count = positions.length / 3;
    const sizes = [
      normals && normals.length / 3,
      uvs && uvs.length / 2,
      colours && colours.length / 3,
    ];
    if (sizes.some((size) => size !== undefined && size !== count))
      throw new Fault("Some vertices lack an attribute that others have.");
    if (indices.some((index) => index >= count))
      throw new Fault(`A triangle uses a vertex that is not there: there are ${count}.`);
    if (!positions.every(Number.isFinite))
      throw new Fault("A vertex has a coordinate that is no number.");
  }
  return mesh;
}

/** Throws a Fault for more of something than is read. */
export function refuseOver(count: number, limit: number, what: string): void {
  if (count > limit) throw new Fault(`It has ${count} ${what}; at most ${limit} are read.`);
}
