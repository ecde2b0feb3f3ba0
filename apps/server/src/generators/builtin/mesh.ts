/** Triangles with shared vertices, counter-clockwise seen from outside. */
export interface Mesh {
  readonly positions: Float32Array;
  /** Unit vectors. */
  readonly normals: Float32Array;
  /** glTF's texture coordinates: 0,0 is the upper left corner. */
  readonly uvs: Float32Array;
  readonly indices: Uint32Array;
}

/** Normals as the mean of the triangles around, larger ones counting more. +Z where they cancel out. */
export function smoothNormals(positions: Float32Array, indices: Uint32Array): Float32Array {
  const normals = new Float32Array(positions.length);
  for (let t = 0; t < indices.length; t += 3) {
    const a = indices[t]! * 3;
    const b = indices[t + 1]! * 3;
    const c = indices[t + 2]! * 3;
    const ux = positions[b]! - positions[a]!;
    const uy = positions[b + 1]! - positions[a + 1]!;
    const uz = positions[b + 2]! - positions[a + 2]!;
    const vx = positions[c]! - positions[a]!;
    const vy = positions[c + 1]! - positions[a + 1]!;
    const vz = positions[c + 2]! - positions[a + 2]!;
    const nx = uy * vz - uz * vy;
    const ny = uz * vx - ux * vz;
    const nz = ux * vy - uy * vx;
    for (let k = 0; k < 3; k++) {
      const o = indices[t + k]! * 3;
      normals[o]! += nx;
      normals[o + 1]! += ny;
      normals[o + 2]! += nz;
    }
  }
  for (let o = 0; o < normals.length; o += 3) {
    const length = Math.hypot(normals[o]!, normals[o + 1]!, normals[o + 2]!);
    if (length < 1e-12) {
      normals.set([0, 0, 1], o);
    } else {
      normals[o]! /= length;
      normals[o + 1]! /= length;
      normals[o + 2]! /= length;
    }
  }
  return normals;
}

/** Scales to a longest side of 1 m, centres left to right and stands the mesh on y = 0. Changes `positions`. */
export function stand(positions: Float32Array): void {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < positions.length; i++) {
    const axis = i % 3;
    const value = positions[i]!;
    if (value < low[axis]!) low[axis] = value;
    if (value > high[axis]!) high[axis] = value;
  }
  const scale = 1 / Math.max(...high.map((value, axis) => value - low[axis]!));
  const centre = (low[0]! + high[0]!) / 2;
  for (let i = 0; i < positions.length; i += 3) {
    positions[i] = (positions[i]! - centre) * scale;
    positions[i + 1] = (positions[i + 1]! - low[1]!) * scale;
    positions[i + 2]! *= scale;
  }
}
