import { boundsOf, type Mesh } from "../mesh.ts";

/** Millimetres of the longest side of what is printed, unless the mesh or a caller says otherwise. */
export const PRINT_SIZE_MM = 100;

/** Where a slicer expects a vertex: millimetres, +Z up, centred, standing on the bed. */
export function onBed(
  mesh: Mesh,
  sizeMm: number,
): (positions: Float32Array, index: number) => [number, number, number] {
  const { low, high } = boundsOf(mesh);
  const longest = Math.max(...high.map((value, axis) => value - low[axis]!));
  // A mesh without any extent stays a point.
  const scale = longest > 0 ? sizeMm / longest : 0;
  const [x0, z0] = [(low[0] + high[0]) / 2, (low[2] + high[2]) / 2];
  return (p, index) => [
    (p[index * 3]! - x0) * scale,
    (z0 - p[index * 3 + 2]!) * scale,
    (p[index * 3 + 1]! - low[1]) * scale,
  ];
}
