import type { Loop } from "./trace.ts";

type Point = readonly [number, number];

/** How far the polygon may leave the traced line, in cells: soft edges are known better than hard ones. */
const SOFT = 0.2;
const HARD = 0.6;
/** A side with so many traced points is straight enough to be fitted. */
const FITTED = 6;
/** Points this near to a corner, in points, were rounded by the cells and say nothing of the side. */
const ROUNDED = 2;
/** How far a corner may move outwards from the rounded trace, in cells. */
const REACH = 4;
/** A turn of less than this, in radians, is no corner but a curve. */
const TURN = 0.5;

/**
 * The traced line as a polygon with few points: straight sides are fitted to their whole length, and corners, which a
 * trace rounds off, are put back where the sides meet.
 *
 * @param soft whether the picture's edges are smoothed, not steps of whole cells
 */
export function toPolygon(loop: Loop, soft: boolean): Point[] {
  const corners = cornersOf(loop, soft ? SOFT : HARD);
  if (corners.length < 3) return loop.map((point) => point);
  const sides = corners.map((from, k) => fitSide(loop, from, corners[(k + 1) % corners.length]!));
  return corners.map((at, k) => {
    const before = sides[(k + sides.length - 1) % sides.length]!;
    const after = sides[k]!;
    return meet(loop[at]!, before, after);
  });
}

/** The indices of the points that a polygon within `tolerance` needs (Ramer, Douglas and Peucker). */
function cornersOf(loop: Loop, tolerance: number): number[] {
  const first = furthest(loop, loop[0]!);
  const second = furthest(loop, loop[first]!);
  const [low, high] = [Math.min(first, second), Math.max(first, second)];
  const kept = new Set([low, high]);
  const stack: [number, number][] = [
    [low, high],
    [high, low + loop.length],
  ];
  for (let span = stack.pop(); span !== undefined; span = stack.pop()) {
    const [from, to] = span;
    let worst = tolerance;
    let at = -1;
    const [p, q] = [loop[from % loop.length]!, loop[to % loop.length]!];
    for (let i = from + 1; i < to; i++) {
      const off = distanceToSegment(loop[i % loop.length]!, p, q);
      if (off > worst) [worst, at] = [off, i];
    }
    if (at < 0) continue;
    kept.add(at % loop.length);
    stack.push([from, at], [at, to]);
  }
  return [...kept].toSorted((a, b) => a - b);
}

function furthest(loop: Loop, [x, y]: Point): number {
  let best = 0;
  let most = -1;
  loop.forEach(([u, v], i) => {
    const far = (u - x) ** 2 + (v - y) ** 2;
    if (far > most) [most, best] = [far, i];
  });
  return best;
}

function distanceToSegment([x, y]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / length));
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}

/** A side of the polygon: a point on it and its direction. */
interface Side {
  readonly through: Point;
  readonly direction: Point;
  /** Whether it was fitted to enough points to be trusted. */
  readonly fitted: boolean;
}

/** The line of least squared distance to the traced points between two corners. */
function fitSide(loop: Loop, from: number, to: number): Side {
  const end = to > from ? to : to + loop.length;
  const at = (i: number): Point => loop[i % loop.length]!;
  const chord: Side = {
    through: at(from),
    direction: unit(at(end)[0] - at(from)[0], at(end)[1] - at(from)[1]),
    fitted: false,
  };
  const trusted = end - from - 1 - 2 * ROUNDED;
  if (trusted < FITTED) return chord;
  let [mx, my] = [0, 0];
  for (let i = from + 1 + ROUNDED; i < end - ROUNDED; i++) {
    mx += at(i)[0] / trusted;
    my += at(i)[1] / trusted;
  }
  let [xx, xy, yy] = [0, 0, 0];
  for (let i = from + 1 + ROUNDED; i < end - ROUNDED; i++) {
    const [dx, dy] = [at(i)[0] - mx, at(i)[1] - my];
    xx += dx * dx;
    xy += dx * dy;
    yy += dy * dy;
  }
  const angle = Math.atan2(2 * xy, xx - yy) / 2;
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
  const along = dx * chord.direction[0] + dy * chord.direction[1];
  const sign = along < 0 ? -1 : 1;
  return { through: [mx, my], direction: [dx * sign, dy * sign], fitted: true };
}

function unit(x: number, y: number): Point {
  const length = Math.hypot(x, y) || 1;
  return [x / length, y / length];
}

/** Where two sides meet, if both are known well and that is near the traced corner; else the traced point. */
function meet(traced: Point, before: Side, after: Side): Point {
  if (!before.fitted || !after.fitted) return traced;
  const [ax, ay] = before.direction;
  const [bx, by] = after.direction;
  const cross = ax * by - ay * bx;
  const turn = Math.abs(Math.atan2(cross, ax * bx + ay * by));
  if (turn < 0.05) return traced;
  const [dx, dy] = [after.through[0] - before.through[0], after.through[1] - before.through[1]];
  const t = (dx * by - dy * bx) / cross;
  const point: Point = [before.through[0] + t * ax, before.through[1] + t * ay];
  const moved = Math.hypot(point[0] - traced[0], point[1] - traced[1]);
  return moved <= (turn < TURN ? 1 : REACH) ? point : traced;
}
