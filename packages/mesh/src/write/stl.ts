import { type Mesh, triangleCount } from "../mesh.ts";
import { onBed } from "./print.ts";

const HEADER_BYTES = 84;
const TRIANGLE_BYTES = 50;

/** Binary STL in millimetres, +Z up: a header, the count, then normal, three corners and two spare bytes a triangle. */
export function writeStl(mesh: Mesh, sizeMm: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + triangleCount(mesh) * TRIANGLE_BYTES);
  // The word "solid" would make it a text STL.
  bytes.set(new TextEncoder().encode("modly-runs, millimetres, +Z up"));
  const view = new DataView(bytes.buffer);
  view.setUint32(HEADER_BYTES - 4, triangleCount(mesh), true);
  const place = onBed(mesh, sizeMm);
  let at = HEADER_BYTES;
  for (const { positions, indices } of mesh.parts) {
    for (let corner = 0; corner < indices.length; corner += 3) {
      const a = place(positions, indices[corner]!);
      const b = place(positions, indices[corner + 1]!);
      const c = place(positions, indices[corner + 2]!);
      for (const [k, value] of [...normalOf(a, b, c), ...a, ...b, ...c].entries())
        view.setFloat32(at + k * 4, value, true);
      at += TRIANGLE_BYTES;
    }
  }
  return bytes;
}

type Point = readonly [number, number, number];

function normalOf(a: Point, b: Point, c: Point): number[] {
  const [ux, uy, uz] = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
  const [vx, vy, vz] = [c[0] - a[0], c[1] - a[1], c[2] - a[2]];
  const n = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
  const length = Math.hypot(...n) || 1;
  return n.map((value) => value / length);
}
