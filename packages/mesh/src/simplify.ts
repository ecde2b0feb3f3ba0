import { MeshoptSimplifier } from "meshoptimizer/simplifier";

import type { Mesh, Surface } from "./mesh.ts";

/** Resolves when the simplifier's code is compiled. */
export const simplifierReady: Promise<void> = MeshoptSimplifier.ready;

/**
 * Leaves out triangles as long as the surface moves less than `error` of its longest side. Normals are those of the
 * full surface, so that shading stays smooth where few triangles are left.
 */
export function simplify<S extends Surface>(surface: S, error: number): S {
  if (error <= 0) return surface;
  const [kept] = MeshoptSimplifier.simplify(surface.indices, surface.positions, 3, 0, error);
  return compacted(surface, withoutFlaps(kept, surface.positions.length / 3));
}

/** Leaves out triangles until about `triangles` are left, however far the surface moves. */
export async function simplifyTo(mesh: Mesh, triangles: number): Promise<Mesh> {
  await simplifierReady;
  const total = mesh.parts.reduce((sum, { indices }) => sum + indices.length / 3, 0);
  if (total <= triangles) return mesh;
  const parts = mesh.parts.map((part) => {
    const target = Math.max(1, Math.round((part.indices.length / 3 / total) * triangles)) * 3;
    const [kept] = MeshoptSimplifier.simplify(part.indices, part.positions, 3, target, 1);
    return kept.length === 0 ? part : compacted(part, kept);
  });
  return { ...mesh, parts };
}

/**
 * Leaves out pairs of triangles that lie back to back, which simplifying may leave: they enclose nothing, and slicers
 * take their edges for holes.
 */
function withoutFlaps(indices: Uint32Array, vertices: number): Uint32Array {
  // Triangles by their two lowest corners; those with the same two follow each other.
  const latest = new Map<number, number>();
  const before = new Int32Array(indices.length / 3);
  const gone = new Set<number>();
  for (let triangle = 0; triangle < before.length; triangle++) {
    const [low, middle, high, turn] = cornersOf(indices, triangle);
    const key = low * vertices + middle;
    for (let other = latest.get(key) ?? -1; other >= 0; other = before[other]!) {
      const [, , otherHigh, otherTurn] = cornersOf(indices, other);
      if (otherHigh !== high || otherTurn === turn || gone.has(other)) continue;
      gone.add(triangle).add(other);
      break;
    }
    before[triangle] = latest.get(key) ?? -1;
    latest.set(key, triangle);
  }
  return gone.size === 0 ? indices : indices.filter((_, at) => !gone.has(Math.floor(at / 3)));
}

/** A triangle's corners from the lowest number on, and whether it goes round the other way then. */
function cornersOf(
  indices: Uint32Array,
  triangle: number,
): readonly [number, number, number, boolean] {
  let low = indices[triangle * 3]!;
  let middle = indices[triangle * 3 + 1]!;
  let high = indices[triangle * 3 + 2]!;
  let turn = false;
  if (low > middle) [low, middle, turn] = [middle, low, !turn];
  if (middle > high) [middle, high, turn] = [high, middle, !turn];
  if (low > middle) [low, middle, turn] = [middle, low, !turn];
  return [low, middle, high, turn];
}

/** Leaves out the vertices that no triangle uses any more. */
function compacted<S extends Surface>(surface: S, kept: Uint32Array): S {
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
  const { positions, normals, uvs, colours } = surface;
  return {
    ...surface,
    positions: move(positions, 3),
    ...(normals && { normals: move(normals, 3) }),
    ...(uvs && { uvs: move(uvs, 2) }),
    ...(colours && { colours: move(colours, 3) }),
    indices: kept,
  };
}

const UNUSED = 0xffff_ffff;
