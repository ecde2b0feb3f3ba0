import type { Field } from "../../src/generators/builtin/picture/raster.ts";

export interface Triangles {
  readonly positions: Float32Array;
  readonly indices: Uint32Array;
}

/** What can be counted of a triangle mesh. */
export interface Topology {
  /** Edges that are not passed exactly once in each direction. */
  readonly openEdges: number;
  /** Vertices - edges + triangles. */
  readonly euler: number;
  /** Positive when triangles are counter-clockwise seen from outside. */
  readonly volume: number;
  readonly smallestArea: number;
}

export function topologyOf({ positions, indices }: Triangles): Topology {
  const edges = new Map<number, number>();
  const used = new Set(indices);
  const span = positions.length / 3;
  let volume = 0;
  let smallestArea = Infinity;
  for (let t = 0; t < indices.length; t += 3) {
    const corners = [indices[t]!, indices[t + 1]!, indices[t + 2]!];
    const [a, b, c] = corners.map((i) => positions.subarray(i * 3, i * 3 + 3)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const cross = crossOf(minus(b, a), minus(c, a));
    smallestArea = Math.min(smallestArea, Math.hypot(...cross) / 2);
    const out = crossOf([...b], [...c]);
    volume += (a[0]! * out[0] + a[1]! * out[1] + a[2]! * out[2]) / 6;
    corners.forEach((from, k) => {
      const key = from * span + corners[(k + 1) % 3]!;
      edges.set(key, (edges.get(key) ?? 0) + 1);
    });
  }
  let openEdges = 0;
  for (const [key, times] of edges) {
    const from = Math.floor(key / span);
    const to = key % span;
    if (times !== 1 || edges.get(to * span + from) !== 1) openEdges++;
  }
  return {
    openEdges,
    euler: used.size - edges.size / 2 + indices.length / 3,
    volume,
    smallestArea,
  };
}

/**
 * Parts minus holes of what is more than half covered: cells, joined by their sides, and by a corner where the middle
 * between four cells is covered too. Counted as cells - links + faces.
 */
export function eulerOfMask({ width, height, data }: Field): number {
  const inside = (x: number, y: number): boolean => data[y * width + x]! > 0.5;
  let euler = 0;
  for (let y = 0; y < height - 1; y++) {
    for (let x = 0; x < width - 1; x++) {
      const square = [inside(x, y), inside(x + 1, y), inside(x + 1, y + 1), inside(x, y + 1)];
      const count = square.filter(Boolean).length;
      const middle =
        (data[y * width + x]! +
          data[y * width + x + 1]! +
          data[(y + 1) * width + x]! +
          data[(y + 1) * width + x + 1]!) /
        4;
      if (square[0]) euler += 1;
      if (square[0] && square[1]) euler -= 1;
      if (square[0] && square[3]) euler -= 1;
      if (count === 4) euler += 1;
      if (count === 2 && square[0] === square[2] && middle > 0.5) euler -= 1;
    }
  }
  return euler;
}

type Corners = readonly [number, number, number];

/** Gives vertices at the same place one number and leaves out triangles that have two of them, as a slicer does. */
export function mergeByPosition(positions: Float32Array, indices: Uint32Array): Triangles {
  const seen = new Map<string, number>();
  const merged: number[] = [];
  const place = Uint32Array.from({ length: positions.length / 3 }, (_, i) => {
    const point = positions.subarray(i * 3, i * 3 + 3);
    const key = point.join(" ");
    const known = seen.get(key);
    if (known !== undefined) return known;
    merged.push(...point);
    seen.set(key, seen.size);
    return seen.size - 1;
  });
  const corners = indices.map((i) => place[i]!);
  const kept = corners.filter((_, i) => {
    const [a, b, c] = corners.subarray(i - (i % 3), i - (i % 3) + 3) as unknown as Corners;
    return a !== b && b !== c && c !== a;
  });
  return { positions: Float32Array.from(merged), indices: kept };
}

type Vector = readonly number[];

function minus(a: Float32Array, b: Float32Array): Vector {
  return [a[0]! - b[0]!, a[1]! - b[1]!, a[2]! - b[2]!];
}

function crossOf(u: Vector, v: Vector): [number, number, number] {
  return [
    u[1]! * v[2]! - u[2]! * v[1]!,
    u[2]! * v[0]! - u[0]! * v[2]!,
    u[0]! * v[1]! - u[1]! * v[0]!,
  ];
}
