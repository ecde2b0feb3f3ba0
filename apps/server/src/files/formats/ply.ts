import type { Part } from "./triangles.ts";

const ELEMENTS_A_CHUNK = 4096;

/** Writes records of one size in chunks. */
function* records(
  count: number,
  bytes: number,
  fill: (chunk: Buffer, at: number, index: number) => void,
): Generator<Buffer> {
  for (let from = 0; from < count; from += ELEMENTS_A_CHUNK) {
    const to = Math.min(count, from + ELEMENTS_A_CHUNK);
    const chunk = Buffer.alloc((to - from) * bytes);
    for (let index = from; index < to; index++) fill(chunk, (index - from) * bytes, index);
    yield chunk;
  }
}

/** Binary PLY, little-endian: position, normal and texture coordinate (s, t) a vertex, then the faces. */
export function* writePly(parts: readonly Part[]): Generator<Buffer> {
  const vertices = parts.reduce((sum, { positions }) => sum + positions.length / 3, 0);
  const faces = parts.reduce((sum, { indices }) => sum + indices.length / 3, 0);
  const floats = ["x", "y", "z", "nx", "ny", "nz", "s", "t"];
  yield Buffer.from(
    [
      "ply",
      "format binary_little_endian 1.0",
      "comment modly-runs",
      `element vertex ${vertices}`,
      ...floats.map((name) => `property float ${name}`),
      `element face ${faces}`,
      "property list uchar uint vertex_indices",
      "end_header\n",
    ].join("\n"),
    "latin1",
  );
  for (const { positions, normals, texcoords } of parts)
    yield* records(positions.length / 3, floats.length * 4, (chunk, at, index) => {
      for (let k = 0; k < 3; k++) {
        chunk.writeFloatLE(positions[index * 3 + k]!, at + k * 4);
        chunk.writeFloatLE(normals?.[index * 3 + k] ?? 0, at + 12 + k * 4);
      }
      chunk.writeFloatLE(texcoords?.[index * 2] ?? 0, at + 24);
      chunk.writeFloatLE(texcoords ? 1 - texcoords[index * 2 + 1]! : 0, at + 28);
    });
  let first = 0;
  for (const { positions, indices } of parts) {
    const offset = first;
    yield* records(indices.length / 3, 13, (chunk, at, index) => {
      chunk.writeUInt8(3, at);
      for (let k = 0; k < 3; k++)
        chunk.writeUInt32LE(offset + indices[index * 3 + k]!, at + 1 + k * 4);
    });
    first += positions.length / 3;
  }
}
