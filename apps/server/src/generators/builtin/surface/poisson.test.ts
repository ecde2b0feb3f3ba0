import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { outlineDiagonal } from "../picture/outline.ts";
import { solvePoisson, type PoissonProblem } from "./poisson.ts";
import { arbitraryOutline } from "../../../../test/builtin/arbitrary.ts";
import { field, type Field, insideOf } from "../picture/raster.ts";

function problemOf(outline: Field): PoissonProblem {
  const { width, height } = outline;
  const inside = insideOf(outline);
  return {
    width,
    height,
    inside,
    diagonal: outlineDiagonal(outline, inside),
    damping: 0,
    source: 4,
  };
}

/** A disc whose cells near the outline are covered in part. */
function disc(side: number, radius: number): Field {
  const made = field(side, side);
  const middle = (side - 1) / 2;
  made.data.forEach((_, cell) => {
    const far = Math.hypot((cell % side) - middle, Math.floor(cell / side) - middle);
    made.data[cell] = Math.max(0, Math.min(1, radius - far + 0.5));
  });
  return made;
}

describe("solvePoisson", () => {
  it("is finite, nowhere below zero, zero outside, and its residual falls, on any mask", () => {
    fc.assert(
      fc.property(arbitraryOutline, (outline) => {
        const problem = problemOf(outline);
        const { value, history } = solvePoisson(problem);
        expect(
          value.every(
            (u, cell) => Number.isFinite(u) && u >= 0 && (u === 0 || problem.inside[cell] === 1),
          ),
        ).toBe(true);
        expect(history.at(-1)!).toBeLessThanOrEqual(2e-3);
        expect(history.every((r, k) => k === 0 || r < history[k - 1]!)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it("makes R² - r² of a disc", () => {
    const side = 129;
    const radius = 50;
    const { value } = solvePoisson(problemOf(disc(side, radius)), 1e-4);
    for (const r of [0, 20, 40, 48]) {
      expect(Math.sqrt(value[64 * side + 64 + r]!)).toBeCloseTo(Math.sqrt(radius ** 2 - r ** 2), 0);
    }
  });

  it("needs few cycles on a large plain shape", () => {
    expect(solvePoisson(problemOf(disc(256, 120))).history.length).toBeLessThan(14);
  });

  it("holds wide parts down when damped", () => {
    const outline = disc(129, 60);
    const plain = solvePoisson(problemOf(outline)).value[64 * 129 + 64]!;
    const damped = solvePoisson({ ...problemOf(outline), damping: (2 / 129) ** 2 }).value[
      64 * 129 + 64
    ]!;
    expect(damped).toBeLessThan(plain * 0.9);
  });
});
