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
 * Holds an outline (millimetres, y up) against true closed curves (pixels, y down), both set to the same size and centre
 * of gravity: the largest distance between them in pixels, either way, and the intersection over union of what they go around, a curve
 * within a curve being a hole.
 */
export function toCurves(
  outline: readonly [Point, Point][],
  curves: readonly (readonly Point[])[],
): { worst: number; overlap: number } {
  const truth = curves.flatMap((curve) =>
    curve.map((p, k): [Point, Point] => [p, curve[(k + 1) % curve.length]!]),
  );
  const from = boxOf(outline.flat());
  const to = boxOf(curves.flat());
  const scale = Math.max(to.width, to.height) / Math.max(from.width, from.height);
  const [[cx, cy], [tx, ty]] = [centreOf(outline), centreOf(truth)];
  const move = ([x, y]: Point): Point => [tx + (x - cx) * scale, ty - (y - cy) * scale];
  const segments = outline.map(([p, q]): [Point, Point] => [move(p), move(q)]);
  const off = (points: readonly Point[], lines: readonly [Point, Point][]): number =>
    points.reduce((most, point) => {
      const near = lines.reduce(
        (least, line) => Math.min(least, toPolyline(point, line)),
        Infinity,
      );
      return Math.max(most, near);
    }, 0);
  const worst = Math.max(
    off(
      segments.flatMap(([p, q]) => [p, mix(p, q, 0.5)]),
      truth,
    ),
    off(
      truth.flatMap(([p, q]) => [p, mix(p, q, 0.5)]),
      segments,
    ),
  );
  const [inMesh, inTruth] = [scanner(segments), scanner(truth)];
  let [both, either] = [0, 0];
  for (let y = Math.floor(to.y - to.height / 2) + 0.5; y < to.y + to.height / 2 + 1; y++) {
    for (let x = Math.floor(to.x - to.width / 2) + 0.5; x < to.x + to.width / 2 + 1; x++) {
      const [a, b] = [inMesh(x, y), inTruth(x, y)];
      if (a && b) both++;
      if (a || b) either++;
    }
  }
  return { worst, overlap: both / either };
}

/** The closed curves of an SVG path of absolute moves, lines and quadratic Béziers, as a font's outlines are. */
export function curvesOf(path: string, scale: number, [left, top]: Point): Point[][] {
  const curves: Point[][] = [];
  let [x, y] = [0, 0];
  const to = (u: number, v: number): void => {
    [x, y] = [u, v];
    curves.at(-1)!.push([left + u * scale, top + v * scale]);
  };
  for (const [, command, rest] of path.matchAll(/([A-Z])([^A-Z]*)/g)) {
    const numbers = (rest!.match(/-?[\d.]+/g) ?? []).map(Number);
    if (command === "M") curves.push([]);
    if (command === "M" || command === "L") {
      for (let k = 0; k < numbers.length; k += 2) to(numbers[k]!, numbers[k + 1]!);
    } else if (command === "H") numbers.forEach((u) => to(u, y));
    else if (command === "V") numbers.forEach((v) => to(x, v));
    else if (command === "Q") {
      for (let k = 0; k < numbers.length; k += 4) {
        const [cx, cy, ex, ey] = numbers.slice(k, k + 4) as [number, number, number, number];
        const [sx, sy] = [x, y];
        for (let step = 1; step <= PIECES; step++) {
          const t = step / PIECES;
          const [a, b, c] = [(1 - t) ** 2, 2 * t * (1 - t), t ** 2];
          to(a * sx + b * cx + c * ex, a * sy + b * cy + c * ey);
        }
      }
    } else if (command !== "Z")
      throw new Error(`The path has a command that is not known: ${command}`);
  }
  return curves;
}

/** A Bézier of a letter is some twenty pixels long: pieces this short leave it by a hundredth of a pixel. */
const PIECES = 8;

/** The centre of gravity of what segments go around. */
function centreOf(segments: readonly [Point, Point][]): Point {
  let [area, x, y] = [0, 0, 0];
  for (const [[ax, ay], [bx, by]] of segments) {
    const cross = ax * by - bx * ay;
    area += cross;
    x += (ax + bx) * cross;
    y += (ay + by) * cross;
  }
  return [x / area / 3, y / area / 3];
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
