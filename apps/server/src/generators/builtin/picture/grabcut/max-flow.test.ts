import fc from "fast-check";
import { expect, it } from "vitest";
import { LINKS, minimumCut, type Grid } from "./max-flow.ts";

/** What a way to part the cells costs: the ties that it cuts, and the pull of each cell that it works against. */
function costOf({ width, height, pull, ties }: Grid, inside: ArrayLike<number>): number {
  let cost = 0;
  for (let cell = 0; cell < pull.length; cell++) {
    cost += inside[cell] === 1 ? Math.max(0, -pull[cell]!) : Math.max(0, pull[cell]!);
    LINKS.forEach(([x, y], link) => {
      const [column, row] = [(cell % width) + x, Math.floor(cell / width) + y];
      if (column < 0 || column >= width || row >= height) return;
      if (inside[cell] !== inside[row * width + column]) cost += ties[link]![cell]!;
    });
  }
  return cost;
}

const SIZE = { width: 4, height: 3 };
const CELLS = SIZE.width * SIZE.height;
const numbers = (min: number, max: number) =>
  fc
    .array(fc.integer({ min, max }), { minLength: CELLS, maxLength: CELLS })
    .map((values) => Float32Array.from(values));

it("parts small grids at no more cost than the best of all ways", () => {
  const grid = fc.record({
    pull: numbers(-9, 9),
    ties: fc.tuple(numbers(0, 9), numbers(0, 9), numbers(0, 9), numbers(0, 9)),
  });
  fc.assert(
    fc.property(grid, (drawn) => {
      const asked = { ...SIZE, ...drawn };
      let least = Infinity;
      for (let way = 0; way < 1 << CELLS; way++) {
        const inside = Array.from({ length: CELLS }, (_, cell) => (way >> cell) & 1);
        least = Math.min(least, costOf(asked, inside));
      }
      expect(costOf(asked, minimumCut(asked))).toBe(least);
    }),
    { numRuns: 25 },
  );
});
