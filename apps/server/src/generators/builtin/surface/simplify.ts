import { MeshoptSimplifier } from "meshoptimizer/simplifier";
import type { Mesh } from "./mesh.ts";

/** Resolves when the simplifier's code is compiled. */
export const simplifierReady: Promise<void> = MeshoptSimplifier.ready;

/**
 * Leaves out triangles as long as the surface moves less than `error` of the mesh's longest side. Normals are those of
 * the full mesh, so that shading stays smooth where few triangles are left.
 */
export function simplify(mesh: Mesh, error: number): Mesh {
  if (error <= 0) return mesh;
  const [kept] = MeshoptSimplifier.simplify(mesh.indices, mesh.positions, 3, 0, error);
  const [target, count] = MeshoptSimplifier.compactMesh(kept);
  const move = (from: Float32Array, size: number): Float32Array => {
    const to = new Float32Array(count * size);
    for (let vertex = 0; vertex < target.length; vertex++) {
      const place = target[vertex]!;
      if (place === UNUSED) continue;
      for (let k = 0; k < size; k++) to[place * size + k] = from[vertex * size + k]!;
    }
    return to;
  };
  return {
    positions: move(mesh.positions, 3),
    normals: move(mesh.normals, 3),
    uvs: move(mesh.uvs, 2),
    indices: kept,
  };
}

const UNUSED = 0xffff_ffff;
