import { expect, it } from "vitest";
import { sharpen } from "./sharpen.ts";

/** A trace around a bar one cell wide, with a point at each half cell. */
function bar(length: number, slope: number): [number, number][] {
  const along = Array.from({ length: 2 * length }, (_, k) => k / 2);
  return [
    ...along.map((x): [number, number] => [x, slope * x]),
    [length, slope * length + 0.5],
    ...along.toReversed().map((x): [number, number] => [x, 1 - slope * x]),
    [-0.5, 0.5],
  ];
}

it.each([0, 0.001, 0.004, 0.01, -0.02])(
  "puts no corner far beyond the trace, where sides fall or rise by %s and so hardly meet",
  (slope) => {
    for (const [x, y] of sharpen(bar(30, slope))) {
      expect(x).toBeGreaterThan(-6);
      expect(x).toBeLessThan(36);
      expect(Math.abs(y - 0.5)).toBeLessThan(3);
    }
  },
);
