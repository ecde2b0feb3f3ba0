import { partsOf, type Field } from "./raster.ts";

/** Two cells of different parts and the way between them. */
interface Link {
  readonly ends: readonly [number, number];
  /** The cells strictly between. */
  readonly way: readonly number[];
  /** In cells. */
  readonly length: number;
}

/** Coverage that just passes for inside. */
const HELD = 0.6;

/**
 * The coverage with parts joined that touch in a point, or nearly: they would come apart by chance. Every two are joined
 * once, at their nearest, so no hole comes of it.
 *
 * @param reach how near covered cells of two parts are that count as touching, in cells
 */
export function joinTouching(coverage: Field, reach: number): Field {
  const { label, size } = partsOf(coverage);
  if (size.length <= 2) return coverage;
  const whole = size.map((_, name) => name);
  const rootOf = (cell: number): number => {
    let root = label[cell]!;
    while (whole[root] !== root) root = whole[root]!;
    return root;
  };
  const data = Float32Array.from(coverage.data);
  for (const { ends, way } of linksOf(coverage, label, reach)) {
    const [a, b] = [rootOf(ends[0]), rootOf(ends[1])];
    if (a === b) continue;
    whole[b] = a;
    for (const cell of way) data[cell] = Math.max(data[cell]!, HELD);
  }
  return { ...coverage, data };
}

/** All ways between covered cells of different parts that are near enough, the shortest first. */
function linksOf({ width, height }: Field, label: Int32Array, reach: number): Link[] {
  const most = Math.floor(reach);
  const steps: [number, number][] = [];
  for (let dy = 0; dy <= most; dy++)
    for (let dx = dy === 0 ? 1 : -most; dx <= most; dx++)
      if (Math.hypot(dx, dy) <= reach) steps.push([dx, dy]);
  const links: Link[] = [];
  for (let cell = 0; cell < label.length; cell++) {
    const own = label[cell]!;
    if (own === 0 || isInner(label, cell, width)) continue;
    const [x, y] = [cell % width, Math.floor(cell / width)];
    for (const [dx, dy] of steps) {
      const [u, v] = [x + dx, y + dy];
      if (u < 0 || u >= width || v >= height) continue;
      const to = v * width + u;
      if (label[to] === 0 || label[to] === own) continue;
      const way = wayOf(x, y, dx, dy).map(([p, q]) => q * width + p);
      links.push({ ends: [cell, to], way, length: Math.hypot(dx, dy) });
    }
  }
  return links.toSorted((a, b) => a.length - b.length);
}

/** Whether a cell has its own part on all sides: one on the rim is nearer to any other part. */
function isInner(label: Int32Array, cell: number, width: number): boolean {
  return (
    label[cell - 1]! > 0 &&
    label[cell + 1]! > 0 &&
    label[cell - width]! > 0 &&
    label[cell + width]! > 0
  );
}

/** The cells strictly between two, each beside the next by a side. */
function wayOf(x: number, y: number, dx: number, dy: number): [number, number][] {
  const way: [number, number][] = [];
  let [p, q] = [0, 0];
  while (Math.abs(dx - p) + (dy - q) > 1) {
    // The step that stays nearer to the straight line.
    if (Math.abs(dx - p) * dy >= (dy - q) * Math.abs(dx) && p !== dx) p += Math.sign(dx);
    else q += 1;
    way.push([x + p, y + q]);
  }
  return way;
}
