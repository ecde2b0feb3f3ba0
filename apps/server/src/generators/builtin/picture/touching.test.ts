import { expect, it } from "vitest";
import { field, partsOf, type Field } from "./raster.ts";
import { joinTouching } from "./touching.ts";

/** A picture of x for what is covered. */
function drawn(...rows: string[]): Field {
  const [width, height] = [rows[0]!.length, rows.length];
  const coverage = field(width, height);
  for (let cell = 0; cell < width * height; cell++)
    coverage.data[cell] = rows[Math.floor(cell / width)]![cell % width] === "x" ? 1 : 0;
  return coverage;
}

const partsIn = (coverage: Field): number => partsOf(coverage).size.length - 1;

it("joins what touches by a corner or over a gap of one cell, and nothing further apart", () => {
  const corner = drawn("xx....", "xx....", "..xx..", "..xx..");
  const gap = drawn("xx.xx", "xx.xx");
  const wide = drawn("xx..xx", "xx..xx");
  expect([corner, gap, wide].map(partsIn)).toEqual([2, 2, 2]);
  expect([corner, gap, wide].map((one) => partsIn(joinTouching(one, 2.9)))).toEqual([1, 1, 2]);
});

it("joins two parts once, so that no hole comes of it", () => {
  const rings = drawn("xxxxx", "x...x", "x.x.x", "x...x", "xxxxx");
  const joined = joinTouching(rings, 2.9);
  expect(partsIn(joined)).toBe(1);
  expect(joined.data.reduce((sum, covered) => sum + (covered > 0.5 ? 1 : 0), 0)).toBe(18);
});
