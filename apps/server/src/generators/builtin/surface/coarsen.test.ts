import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { field, type Field } from "../picture/raster.ts";
import { coarsen } from "./coarsen.ts";

/** Heights on a grid of any size, smooth but for some cells, and which of its squares are covered. */
const ground = fc
  .record({
    width: fc.integer({ min: 2, max: 100 }),
    height: fc.integer({ min: 2, max: 100 }),
    waves: fc.constantFrom(0, 3),
    ridges: fc.constantFrom(0, 2, 4, 8, 16),
    falling: fc.boolean(),
    rough: fc.constantFrom(0, 0.005, 0.05, 1),
    seed: fc.integer(),
    holes: fc.constantFrom(0, 0, 0.1, 0.5),
    spread: fc.integer({ min: 1, max: 40 }),
    tolerance: fc.constantFrom(-1, 0, 0.1, 0.2, 0.4, 0.6, 0.8, 100),
  })
  .map(({ width, height, waves, ridges, falling, rough, seed, holes, spread, tolerance }) => {
    let state = seed;
    const random = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return (state >>> 8) / 0x1000000;
    };
    const heights = field(width, height);
    const inside = new Uint8Array(width * height);
    const [fx, fy] = [random() / 3, random() / 3];
    // Holes are blocks: single squares that are missing would leave no room to coarsen in.
    const blocks = Array.from({ length: 400 }, () => random() >= holes);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const cell = y * width + x;
        const spike = random() < rough ? random() : 0;
        const across = falling ? x - y + 128 : x + y;
        const ridge = ridges === 0 ? 0 : Math.abs((across % (2 * ridges)) - ridges) / ridges;
        heights.data[cell] = ridge + waves * Math.sin(x * fx) * Math.cos(y * fy) + spike;
        const block = Math.floor(y / spread) * 20 + Math.floor(x / spread);
        if (x < width - 1 && y < height - 1) inside[cell] = blocks[block % 400]! ? 1 : 0;
      }
    }
    return { heights, inside, tolerance };
  });

type Corner = readonly [x: number, y: number, z: number];

function cornersOf(triangles: Uint32Array, t: number, { width, data }: Field): Corner[] {
  return [0, 1, 2].map((k) => {
    const cell = triangles[t + k]!;
    return [cell % width, Math.floor(cell / width), data[cell]!];
  });
}

describe("coarsen", () => {
  it("covers what is inside once, nothing else, and no cell is further from it than the tolerance", () => {
    fc.assert(
      fc.property(ground, ({ heights, inside, tolerance }) => {
        const { width } = heights;
        const triangles = coarsen(heights, inside, tolerance);
        const quarters = new Float64Array(inside.length);
        let worst = 0;
        let smallest = 1;
        for (let t = 0; t < triangles.length; t += 3) {
          const [a, b, c] = cornersOf(triangles, t, heights) as [Corner, Corner, Corner];
          const area = (b[1] - a[1]) * (c[0] - a[0]) - (b[0] - a[0]) * (c[1] - a[1]);
          smallest = Math.min(smallest, area);
          const [left, right] = [Math.min(a[0], b[0], c[0]), Math.max(a[0], b[0], c[0])];
          const [top, bottom] = [Math.min(a[1], b[1], c[1]), Math.max(a[1], b[1], c[1])];
          const at = (x: number, y: number): readonly [number, number] => [
            ((b[1] - a[1]) * (x - a[0]) - (b[0] - a[0]) * (y - a[1])) / area,
            ((y - a[1]) * (c[0] - a[0]) - (x - a[0]) * (c[1] - a[1])) / area,
          ];
          for (let y = top; y <= bottom; y++) {
            for (let x = left; x <= right; x++) {
              const [v, u] = at(x, y);
              if (u >= 0 && v >= 0 && u + v <= 1) {
                const z = a[2] + u * (b[2] - a[2]) + v * (c[2] - a[2]);
                worst = Math.max(worst, Math.abs(z - heights.data[y * width + x]!));
              }
              // A triangle covers of each square a quarter, or two, or all four.
              for (const [dx, dy] of [
                [0.5, 0.25],
                [0.75, 0.5],
                [0.5, 0.75],
                [0.25, 0.5],
              ] as const) {
                const [q, p] = at(x + dx, y + dy);
                if (p > 0 && q > 0 && p + q < 1) quarters[y * width + x]! += 1;
              }
            }
          }
        }
        expect(smallest).toBe(1);
        const wrong = quarters.findIndex((count, square) => count !== inside[square]! * 4);
        expect(wrong).toBe(-1);
        expect(worst).toBeLessThanOrEqual(Math.max(0, tolerance) + 1e-5);
      }),
      { numRuns: 150 },
    );
  });

  it("has no gaps: an edge belongs to two triangles, or is one step long beside a square that is not inside", () => {
    fc.assert(
      fc.property(ground, ({ heights, inside, tolerance }) => {
        const { width } = heights;
        const triangles = coarsen(heights, inside, tolerance);
        const edges = new Map<string, number>();
        for (let t = 0; t < triangles.length; t += 3) {
          for (let k = 0; k < 3; k++) {
            const edge = `${triangles[t + k]} ${triangles[t + ((k + 1) % 3)]}`;
            edges.set(edge, (edges.get(edge) ?? 0) + 1);
          }
        }
        const isInside = (square: number): boolean => inside[square] === 1;
        const wrong = [...edges].filter(([edge, times]) => {
          const [from, to] = edge.split(" ").map(Number) as [number, number];
          if (edges.has(`${to} ${from}`)) return times !== 1;
          const square = Math.min(from, to);
          const step = Math.abs(to - from);
          const other = step === width ? square - 1 : square - width;
          // Squares of the last column are not inside: what lies left of the first is one of them.
          const isOutline = (step === 1 || step === width) && isInside(square) !== isInside(other);
          return times !== 1 || !isOutline;
        });
        expect(wrong).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it("keeps every cell below zero, and few of a plane", () => {
    const heights = field(300, 200);
    const inside = new Uint8Array(heights.data.length);
    heights.data.forEach((_, cell) => {
      const [x, y] = [cell % 300, Math.floor(cell / 300)];
      heights.data[cell] = x / 4 - y / 8;
      if (x < 299 && y < 199) inside[cell] = 1;
    });
    expect(coarsen(heights, inside, -1)).toHaveLength(299 * 199 * 6);
    // The border alone is 998 steps long; towards it the triangles become smaller by quarters.
    expect(coarsen(heights, inside, 0).length / 3).toBeLessThan(998 * 6);
  });
});
