import type { Loop } from "./trace.ts";

type Point = readonly [number, number];

/** The points of a trace, from a corner, that tell where its side runs: those nearer were rounded by the cells. */
const NEAREST = 2;
const FURTHEST = 6;
/** A turn of less than this, in radians, is no corner but a curve. */
const TURN = 0.6;
/** How far a side's points may be off their line, in cells, root of the mean square. */
const BENT = 0.12;

/**
 * Puts back the corners of a trace, which cells round off: where the lines through the points on both sides meet.
 * Corners of curves too: a fitted side of a polygon has to be straight, these only near the corner. Only for pictures
 * with smoothed edges.
 */
export function sharpen(loop: Loop): Loop {
  const count = loop.length;
  if (count < 4 * FURTHEST) return loop;
  const found = loop
    .map((_, at) => ({ at, turn: roughTurn(loop, at) }))
    .filter(({ turn }) => turn > TURN / 2)
    .flatMap(({ at }) => cornerAt(loop, at) ?? [])
    .toSorted((a, b) => b.turn - a.turn);
  const taken = new Uint8Array(count);
  const corners = new Map<number, Point>();
  for (const { at, corner } of found) {
    if (taken[at] === 1) continue;
    corners.set(at, corner);
    for (let k = -FURTHEST; k <= FURTHEST; k++) taken[(at + k + count) % count] = 1;
  }
  if (corners.size === 0) return loop;
  const rounded = new Uint8Array(count);
  for (const at of corners.keys()) {
    for (let k = 1 - NEAREST; k < NEAREST; k++) rounded[(at + k + count) % count] = 1;
  }
  return loop.flatMap((point, at) => {
    const corner = corners.get(at);
    if (corner !== undefined) return [corner];
    return rounded[at] === 1 ? [] : [point];
  });
}

/** The angle between the chords behind a point and before it. */
function roughTurn(loop: Loop, at: number): number {
  const [a, b] = [pointOf(loop, at - FURTHEST), pointOf(loop, at - NEAREST)];
  const [c, d] = [pointOf(loop, at + NEAREST), pointOf(loop, at + FURTHEST)];
  return angle([b[0] - a[0], b[1] - a[1]], [d[0] - c[0], d[1] - c[1]]);
}

function cornerAt(loop: Loop, at: number): { at: number; turn: number; corner: Point } | undefined {
  const before = lineOf(loop, at, -1);
  const after = lineOf(loop, at, 1);
  const turn = Math.PI - angle(before.direction, after.direction);
  if (turn < TURN || before.off > BENT || after.off > BENT) return undefined;
  const [[ax, ay], [bx, by]] = [before.direction, after.direction];
  const [dx, dy] = [after.through[0] - before.through[0], after.through[1] - before.through[1]];
  const t = (dx * by - dy * bx) / (ax * by - ay * bx);
  const corner: Point = [before.through[0] + t * ax, before.through[1] + t * ay];
  const [x, y] = pointOf(loop, at);
  const moved = Math.hypot(corner[0] - x, corner[1] - y);
  return moved <= roundedOff(Math.PI - turn) ? { at, turn, corner } : undefined;
}

/** Sides that hardly meet do so anywhere: a hairpin of noise would become a needle. */
const MOST_ROUNDED = 5;

/** How much of a corner cells can hide, in cells: the sharper it is, the further out it is still half a cell wide. */
function roundedOff(inner: number): number {
  return Math.min(MOST_ROUNDED, 0.35 + 0.55 / Math.tan(inner / 2));
}

interface Line {
  readonly through: Point;
  /** Away from the corner. */
  readonly direction: Point;
  readonly off: number;
}

/** The line of least squared distance to the points on one side of a corner. */
function lineOf(loop: Loop, at: number, way: 1 | -1): Line {
  const points = Array.from({ length: FURTHEST - NEAREST + 1 }, (_, k) =>
    pointOf(loop, at + way * (NEAREST + k)),
  );
  const mx = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const my = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  let [xx, xy, yy] = [0, 0, 0];
  for (const [x, y] of points) {
    xx += (x - mx) ** 2;
    xy += (x - mx) * (y - my);
    yy += (y - my) ** 2;
  }
  const slope = Math.atan2(2 * xy, xx - yy) / 2;
  const [dx, dy] = [Math.cos(slope), Math.sin(slope)];
  const [first, last] = [points[0]!, points.at(-1)!];
  const sign = dx * (last[0] - first[0]) + dy * (last[1] - first[1]) < 0 ? -1 : 1;
  const along = xx * dx * dx + 2 * xy * dx * dy + yy * dy * dy;
  const off = Math.sqrt(Math.max(0, xx + yy - along) / points.length);
  return { through: [mx, my], direction: [dx * sign, dy * sign], off };
}

function angle([ax, ay]: Point, [bx, by]: Point): number {
  return Math.abs(Math.atan2(ax * by - ay * bx, ax * bx + ay * by));
}

function pointOf(loop: Loop, at: number): Point {
  return loop[(at + loop.length) % loop.length]!;
}
