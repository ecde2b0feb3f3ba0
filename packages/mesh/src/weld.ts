import { type Mesh, triangleCount } from "./mesh.ts";

/** Triangles alone, each place one vertex. */
export interface Welded {
  readonly positions: Float32Array;
  readonly indices: Uint32Array;
  /** Of each of the mesh's parts, where its indices end. */
  readonly ends: readonly number[];
}

/**
 * Joins vertices at exactly the same place, as a slicer does: textures split vertices that the surface does not.
 * Triangles of which two corners become one are left out.
 */
export function welded(mesh: Mesh): Welded {
  const total = mesh.parts.reduce((sum, { positions }) => sum + positions.length / 3, 0);
  const positions = new Float32Array(total * 3);
  const bits = new Uint32Array(positions.buffer);
  const indices = new Uint32Array(triangleCount(mesh) * 3);
  // A table with open addresses, never more than half full: vertex numbers from 1.
  const table = new Uint32Array(2 ** Math.ceil(Math.log2(total * 2 + 2)));
  let vertices = 0;
  let corners = 0;
  const ends: number[] = [];
  for (const part of mesh.parts) {
    const joined = new Uint32Array(part.positions.length / 3);
    for (let vertex = 0; vertex < joined.length; vertex++) {
      const to = vertices * 3;
      // Adding zero turns -0 into 0.
      for (let k = 0; k < 3; k++) positions[to + k] = part.positions[vertex * 3 + k]! + 0;
      let slot = hash(bits[to]!, bits[to + 1]!, bits[to + 2]!) & (table.length - 1);
      for (;;) {
        const known = (table[slot]! - 1) * 3;
        if (table[slot] === 0) {
          table[slot] = ++vertices;
          break;
        }
        if (
          bits[known] === bits[to] &&
          bits[known + 1] === bits[to + 1] &&
          bits[known + 2] === bits[to + 2]
        )
          break;
        slot = (slot + 1) & (table.length - 1);
      }
      joined[vertex] = table[slot]! - 1;
    }
    for (let at = 0; at < part.indices.length; at += 3) {
      const [a, b, c] = [0, 1, 2].map((k) => joined[part.indices[at + k]!]!) as [
        number,
        number,
        number,
      ];
      if (a === b || b === c || c === a) continue;
      indices.set([a, b, c], corners);
      corners += 3;
    }
    ends.push(corners);
  }
  return { positions: positions.slice(0, vertices * 3), indices: indices.slice(0, corners), ends };
}

/**
 * Every edge is passed as often in one direction as in the other: more than once where solids touch along it.
 * Sorting is quicker than a map of millions of edges.
 */
export function isClosed({ positions, indices }: Welded): boolean {
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

function hash(x: number, y: number, z: number): number {
  let mixed = Math.imul(x, 0x9e3779b1) ^ Math.imul(y, 0x85ebca6b) ^ Math.imul(z, 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
