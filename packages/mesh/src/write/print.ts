import { boundsOf, type Mesh } from "../mesh.ts";

/** Millimetres of the longest side of what is printed, unless the mesh or a caller says otherwise. */
export const PRINT_SIZE_MM = 100;

/** Where a slicer expects a vertex: millimetres, +Z up, centred, the side down that the mesh rests on. */
export function onBed(
  mesh: Mesh,
  sizeMm: number,
): (positions: Float32Array, index: number) => [number, number, number] {
  const { low, high } = boundsOf(mesh);
  const longest = Math.max(...high.map((value, axis) => value - low[axis]!));
  // A mesh without any extent stays a point.
  const scale = longest > 0 ? sizeMm / longest : 0;
  const middle = low.map((least, axis) => (least + high[axis]!) / 2);
  const across = (p: Float32Array, index: number): number => (p[index * 3]! - middle[0]!) * scale;
  if (mesh.restsOn === "back") {
    return (p, index) => [
      across(p, index),
      (p[index * 3 + 1]! - middle[1]!) * scale,
      (p[index * 3 + 2]! - low[2]) * scale,
    ];
  }
  return (p, index) => [
    across(p, index),
    (middle[2]! - p[index * 3 + 2]!) * scale,
    (p[index * 3 + 1]! - low[1]) * scale,
  ];
}
