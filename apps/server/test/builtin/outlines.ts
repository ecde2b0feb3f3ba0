import type { Arrays } from "./measure.ts";

export type Point = readonly [number, number];

/** The edges of what a part shows from above: of the triangles at its highest, the edges that belong to only one. */
export function outlineFromAbove({ positions, indices }: Arrays): [Point, Point][] {
  const at = (vertex: number): Point => [positions[vertex * 3]!, positions[vertex * 3 + 1]!];
  let top = -Infinity;
  for (let i = 2; i < positions.length; i += 3) top = Math.max(top, positions[i]!);
  const edges = new Map<string, [Point, Point]>();
  for (let t = 0; t < indices.length; t += 3) {
    const corners = [0, 1, 2].map((k) => indices[t + k]!);
    if (!corners.every((corner) => positions[corner * 3 + 2]! > top - 1e-3)) continue;
    corners.forEach((from, k) => {
      const [p, q] = [at(from), at(corners[(k + 1) % 3]!)];
      const back = `${q.join()} ${p.join()}`;
      if (!edges.delete(back)) edges.set(`${p.join()} ${q.join()}`, [p, q]);
    });
  }
  return [...edges.values()];
}

/**
 * Holds an outline (millimetres, y up) against a true curve (pixels, y down), both set to the same box: the largest
 * distance between them in pixels, either way, and the intersection over union of what they go around.
 */
export function toCurve(
  outline: readonly [Point, Point][],
  curve: readonly Point[],
): { worst: number; overlap: number } {
  const from = boxOf(outline.flat());
  const to = boxOf(curve);
  const scale = Math.max(to.width, to.height) / Math.max(from.width, from.height);
  const move = ([x, y]: Point): Point => [to.x + (x - from.x) * scale, to.y - (y - from.y) * scale];
  const segments = outline.map(([p, q]): [Point, Point] => [move(p), move(q)]);
  const closed = [...curve, curve[0]!];
  const there = segments.flatMap(([p, q]) =>
    [p, mix(p, q, 0.5)].map((point) => toPolyline(point, closed)),
  );
  const back = curve.flatMap((p, k) =>
    [0, 0.25, 0.5, 0.75].map((t) => {
      const point = mix(p, closed[k + 1]!, t);
      return Math.min(...segments.map((segment) => toPolyline(point, segment)));
    }),
  );
  const inMesh = scanner(segments);
  const inTruth = scanner(closed.slice(1).map((q, k): [Point, Point] => [closed[k]!, q]));
  let [both, either] = [0, 0];
  for (let y = 0.5; y < 500; y++) {
    for (let x = 0.5; x < 500; x++) {
      const [a, b] = [inMesh(x, y), inTruth(x, y)];
      if (a && b) both++;
      if (a || b) either++;
    }
  }
  return { worst: Math.max(...there, ...back), overlap: both / either };
}

function scanner(segments: readonly [Point, Point][]): (x: number, y: number) => boolean {
  const rows = new Map<number, number[]>();
  return (x, y) => {
    let crossings = rows.get(y);
    if (crossings === undefined) {
      crossings = segments.flatMap(([[ax, ay], [bx, by]]) =>
        ay > y !== by > y ? [ax + ((y - ay) / (by - ay)) * (bx - ax)] : [],
      );
      rows.set(y, crossings);
    }
    return crossings.filter((at) => at > x).length % 2 === 1;
  };
}

function mix([ax, ay]: Point, [bx, by]: Point, t: number): Point {
  return [ax + (bx - ax) * t, ay + (by - ay) * t];
}

function boxOf(points: readonly Point[]): { x: number; y: number; width: number; height: number } {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  return { x: (left + right) / 2, y: (low + high) / 2, width: right - left, height: high - low };
}

/** The distance of a point to the nearest place on a line of straight pieces. */
export function toPolyline([x, y]: Point, line: readonly Point[]): number {
  let least = Infinity;
  for (let k = 0; k + 1 < line.length; k++) {
    const [[ax, ay], [bx, by]] = [line[k]!, line[k + 1]!];
    const [dx, dy] = [bx - ax, by - ay];
    const length = dx * dx + dy * dy;
    const t = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / length));
    least = Math.min(least, Math.hypot(x - ax - t * dx, y - ay - t * dy));
  }
  return least;
}

/** How high a part stands over z = 0 at the middle of each cell of a grid laid over it, row by row from the top. */
export function heightsOf(
  { positions, indices }: Arrays,
  width: number,
  height: number,
): Float64Array {
  const heights = new Float64Array(width * height);
  const axis = (k: number): number[] => [...positions.filter((_, i) => i % 3 === k)];
  const box = (values: number[]): [number, number] => [
    values.reduce((a, b) => Math.min(a, b)),
    values.reduce((a, b) => Math.max(a, b)),
  ];
  const [[left, right], [low, high]] = [box(axis(0)), box(axis(1))];
  for (let t = 0; t < indices.length; t += 3) {
    const [a, b, c] = [0, 1, 2].map((k) => {
      const p = indices[t + k]! * 3;
      return [
        ((positions[p]! - left) / (right - left)) * width - 0.5,
        ((high - positions[p + 1]!) / (high - low)) * height - 0.5,
        positions[p + 2]!,
      ] as const;
    }) as [Corner, Corner, Corner];
    const area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
    if (Math.abs(area) < 1e-12) continue;
    for (let y = Math.ceil(Math.min(a[1], b[1], c[1])); y <= Math.max(a[1], b[1], c[1]); y++) {
      for (let x = Math.ceil(Math.min(a[0], b[0], c[0])); x <= Math.max(a[0], b[0], c[0]); x++) {
        const u = ((b[0] - x) * (c[1] - y) - (b[1] - y) * (c[0] - x)) / area;
        const v = ((c[0] - x) * (a[1] - y) - (c[1] - y) * (a[0] - x)) / area;
        if (u < -1e-9 || v < -1e-9 || u + v > 1 + 1e-9) continue;
        if (x < 0 || y < 0 || x >= width || y >= height) continue;
        const z = u * a[2] + v * b[2] + (1 - u - v) * c[2];
        heights[y * width + x] = Math.max(heights[y * width + x]!, z);
      }
    }
  }
  return heights;
}

type Corner = readonly [number, number, number];
