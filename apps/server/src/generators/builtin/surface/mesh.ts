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
  return normalise(normals);
}

/** Each normal becomes the mean of those it shares triangles with: takes the grid's steps out of the shading. */
export function evenNormals(normals: Float32Array, indices: Uint32Array): Float32Array {
  const evened = new Float32Array(normals.length);
  for (let t = 0; t < indices.length; t += 3) {
    const a = indices[t]! * 3;
    const b = indices[t + 1]! * 3;
    const c = indices[t + 2]! * 3;
    for (let k = 0; k < 3; k++) {
      const sum = normals[a + k]! + normals[b + k]! + normals[c + k]!;
      evened[a + k]! += sum;
      evened[b + k]! += sum;
      evened[c + k]! += sum;
    }
  }
  return normalise(evened);
}

/** Gives every vector unit length, in place; +Z to those that have none. */
function normalise(vectors: Float32Array): Float32Array {
  for (let o = 0; o < vectors.length; o += 3) {
    const x = vectors[o]!;
    const y = vectors[o + 1]!;
    const z = vectors[o + 2]!;
    const length = Math.sqrt(x * x + y * y + z * z);
    const known = length > 1e-12;
    vectors[o] = known ? x / length : 0;
    vectors[o + 1] = known ? y / length : 0;
    vectors[o + 2] = known ? z / length : 1;
  }
  return vectors;
}

/**
 * Scales the bodies of one shape together to a longest side of `longest` metres, centres them left to right and stands
 * them on y = 0. Changes the positions.
 */
export function stand(bodies: readonly Float32Array[], longest: number): void {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (const positions of bodies) {
    for (let i = 0; i < positions.length; i++) {
      const axis = i % 3;
      const value = positions[i]!;
      if (value < low[axis]!) low[axis] = value;
      if (value > high[axis]!) high[axis] = value;
    }
  }
  const scale = longest / Math.max(...high.map((value, axis) => value - low[axis]!));
  const centre = (low[0]! + high[0]!) / 2;
  for (const positions of bodies) {
    for (let i = 0; i < positions.length; i += 3) {
      positions[i] = (positions[i]! - centre) * scale;
      positions[i + 1] = (positions[i + 1]! - low[1]!) * scale;
      positions[i + 2]! *= scale;
    }
  }
}
