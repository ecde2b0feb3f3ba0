import type { Part } from "./triangles.ts";

const HEADER_BYTES = 80;
const TRIANGLE_BYTES = 50;
const TRIANGLES_A_CHUNK = 4096;

/** Where slicers expect it: STL has no axis of its own, printers have +Z up. */
const upright = (p: Float32Array, index: number): [number, number, number] => [
  p[index * 3]!,
  -p[index * 3 + 2]!,
  p[index * 3 + 1]!,
];

function normalOf(a: readonly number[], b: readonly number[], c: readonly number[]): number[] {
  const [ux, uy, uz] = [b[0]! - a[0]!, b[1]! - a[1]!, b[2]! - a[2]!];
  const [vx, vy, vz] = [c[0]! - a[0]!, c[1]! - a[1]!, c[2]! - a[2]!];
  const n = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
  const length = Math.hypot(...n) || 1;
  return n.map((value) => value / length);
}

/** Binary STL: an 80 byte header, the count, then normal, three corners and two spare bytes a triangle. */
export function* writeStl(parts: readonly Part[]): Generator<Buffer> {
  const head = Buffer.alloc(HEADER_BYTES + 4);
  head.write("modly-runs, +Z up", "latin1");
  head.writeUInt32LE(
    parts.reduce((sum, { indices }) => sum + indices.length / 3, 0),
    HEADER_BYTES,
  );
  yield head;
  for (const { positions, indices } of parts) {
    const triangles = indices.length / 3;
    for (let from = 0; from < triangles; from += TRIANGLES_A_CHUNK) {
      const to = Math.min(triangles, from + TRIANGLES_A_CHUNK);
      const chunk = Buffer.alloc((to - from) * TRIANGLE_BYTES);
      for (let triangle = from, at = 0; triangle < to; triangle++, at += TRIANGLE_BYTES) {
        const corners = [0, 1, 2].map((k) => upright(positions, indices[triangle * 3 + k]!));
        const [a, b, c] = [corners[0]!, corners[1]!, corners[2]!];
        for (const [k, value] of [...normalOf(a, b, c), ...a, ...b, ...c].entries())
          chunk.writeFloatLE(value, at + k * 4);
      }
      yield chunk;
    }
  }
}
