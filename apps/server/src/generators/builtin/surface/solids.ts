import createModule, { type CrossSection, type Manifold, type ManifoldToplevel } from "manifold-3d";
import type { Mesh } from "./mesh.ts";

/** manifold-3d's own memory is not collected: what is made inside `work` is freed when it ends. */
export interface Solids {
  readonly triangulate: ManifoldToplevel["triangulate"];
  readonly Mesh: ManifoldToplevel["Mesh"];
  readonly CrossSection: ManifoldToplevel["CrossSection"];
  readonly Manifold: ManifoldToplevel["Manifold"];
  /** Frees `made` when the work has ended. */
  keep<Made extends CrossSection | Manifold>(made: Made): Made;
}

let loading: Promise<ManifoldToplevel> | undefined;

/** Runs `work` with manifold-3d, which is loaded when it is first needed. */
export async function withSolids<Result>(work: (solids: Solids) => Result): Promise<Result> {
  loading ??= createModule().then((module) => {
    module.setup();
    return module;
  });
  const { CrossSection, Manifold, Mesh, triangulate } = await loading;
  const made = new Set<CrossSection | Manifold>();
  try {
    return work({
      triangulate,
      Mesh,
      CrossSection,
      Manifold,
      keep(one) {
        made.add(one);
        return one;
      },
    });
  } finally {
    for (const one of made) one.delete();
  }
}

/** Edges that bend more than this, in degrees, are shaded sharp. */
const SHARP = 35;

/**
 * The surface of a solid, one mesh for each of the originals that it was put together from, by their ids, with normals
 * of their own along sharp edges. `lay` gives each vertex its texture coordinates.
 */
export function meshesOf(
  solid: Manifold,
  { keep }: Solids,
  lay: (position: readonly number[], normal: readonly number[]) => readonly [number, number],
): Map<number, Mesh> {
  const { vertProperties, numProp, triVerts, runIndex, runOriginalID } = keep(
    solid.calculateNormals(0, SHARP),
  ).getMesh();
  const isAt = (a: number, b: number): boolean =>
    [0, 1, 2].every((k) => vertProperties[a * numProp + k] === vertProperties[b * numProp + k]);
  const triangles = new Map<number, number[]>();
  runOriginalID.forEach((id, run) => {
    const of = triangles.get(id) ?? [];
    for (let i = runIndex[run]!; i < runIndex[run + 1]!; i += 3) {
      const [a, b, c] = [triVerts[i]!, triVerts[i + 1]!, triVerts[i + 2]!];
      // Slivers that single precision makes lines of.
      if (isAt(a, b) || isAt(b, c) || isAt(c, a)) continue;
      of.push(a, b, c);
    }
    triangles.set(id, of);
  });
  const meshes = new Map<number, Mesh>();
  for (const [id, corners] of triangles) {
    if (corners.length > 0) meshes.set(id, compact(corners, vertProperties, numProp, lay));
  }
  return meshes;
}

function compact(
  corners: readonly number[],
  properties: Float32Array,
  size: number,
  lay: (position: readonly number[], normal: readonly number[]) => readonly [number, number],
): Mesh {
  const used = [...new Set(corners)];
  const place = new Map(used.map((vertex, k) => [vertex, k]));
  const positions = new Float32Array(used.length * 3);
  const normals = new Float32Array(used.length * 3);
  const uvs = new Float32Array(used.length * 2);
  used.forEach((vertex, k) => {
    const position = [...properties.subarray(vertex * size, vertex * size + 3)];
    const [nx = 0, ny = 0, nz = 0] = properties.subarray(vertex * size + 3, vertex * size + 6);
    const length = Math.hypot(nx, ny, nz);
    const normal = length > 1e-9 ? [nx / length, ny / length, nz / length] : [0, 0, 1];
    positions.set(position, k * 3);
    normals.set(normal, k * 3);
    uvs.set(lay(position, normal), k * 2);
  });
  return { positions, normals, uvs, indices: Uint32Array.from(corners, (v) => place.get(v)!) };
}
