import type { Loop } from "./trace.ts";

type Point = readonly [number, number];

/** How far the polygon may leave the traced line, in cells: soft edges are known better than hard ones. */
const SOFT = 0.15;
const HARD = 0.6;
/** A side with so many traced points is straight enough to be fitted. */
const FITTED = 6;
/** Points this near to a corner, in points, were rounded by the cells and say nothing of the side. */
const ROUNDED = 2;
/** How far a corner may move outwards from the rounded trace, in cells. */
const REACH = 4;
/** A turn of less than this, in radians, is no corner but a curve. */
const TURN = 0.5;
/** Sides that turn less than this run on: where they meet cannot be told. */
const STRAIGHT = 0.05;

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
  const first = sides.findIndex(({ fitted }) => fitted);
  const traced = corners.map((at) => loop[at]!);
  if (first < 0) return traced;
  const points: Point[] = [];
  let before = first;
  for (let k = first + 1; k <= first + sides.length; k++) {
    const after = sides[k % sides.length]!;
    if (!after.fitted) continue;
    const between = Array.from(
      { length: k - before },
      (_, i) => traced[(before + 1 + i) % traced.length]!,
    );
    const corner = cornerOf(sides[before % sides.length]!, after, between);
    points.push(...(corner === undefined ? between : [corner]));
    before = k;
  }
  return points.length < 3 ? traced : points;
}

/** The longest way, in cells, that a trace takes around a corner which it rounds off. */
const ROUNDING = 6;

/** Where two sides meet, if what was traced between them is but a corner rounded off; else undefined. */
function cornerOf(before: Side, after: Side, traced: readonly Point[]): Point | undefined {
  const way = traced.slice(1).reduce((sum, point, k) => sum + gap(point, traced[k]!), 0);
  const turn = turnOf(before, after);
  if (way > ROUNDING || turn < STRAIGHT) return undefined;
  const corner = intersection(before, after);
  const moved = Math.min(...traced.map((point) => gap(point, corner)));
  return moved <= (turn < TURN ? 1 : REACH) ? corner : undefined;
}

function gap([x, y]: Point, [u, v]: Point): number {
  return Math.hypot(x - u, y - v);
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
  return { ...chord, through: [mx, my], direction: [dx * sign, dy * sign], fitted: true };
}

function unit(x: number, y: number): Point {
  const length = Math.hypot(x, y) || 1;
  return [x / length, y / length];
}

/** The angle between two sides, in radians. */
function turnOf({ direction: [ax, ay] }: Side, { direction: [bx, by] }: Side): number {
  return Math.abs(Math.atan2(ax * by - ay * bx, ax * bx + ay * by));
}

function intersection(before: Side, after: Side): Point {
  const [ax, ay] = before.direction;
  const [bx, by] = after.direction;
  const [dx, dy] = [after.through[0] - before.through[0], after.through[1] - before.through[1]];
  const t = (dx * by - dy * bx) / (ax * by - ay * bx);
  return [before.through[0] + t * ax, before.through[1] + t * ay];
}
