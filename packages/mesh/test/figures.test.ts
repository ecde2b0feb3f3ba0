import { expect, test } from "vitest";

import { figuresOf, type Mesh } from "../src/index.ts";
import { simplify, simplifierReady, simplifyTo } from "../src/simplify.ts";
import { box } from "./shapes.ts";

test("a closed box has its corners, its size and its volume", () => {
  const { size, volume, ...rest } = figuresOf(box(1, 2, 3));
  expect(rest).toEqual({ triangles: 12, vertices: 8, watertight: true, coloured: false });
  expect(size).toEqual([1, 2, 3]);
  expect(volume).toBeCloseTo(6);
});

test("a box with a hole, or with a triangle twice, has no inside", () => {
  const [part] = box(1, 1, 1).parts;
  for (const indices of [
    part!.indices.slice(3),
    Uint32Array.from([...part!.indices, ...part!.indices.slice(0, 3)]),
  ])
    expect(figuresOf({ parts: [{ ...part!, indices }] })).toMatchObject({
      watertight: false,
      volume: null,
    });
});

test("boxes that touch along an edge have an inside all the same", () => {
  const [part] = box(1, 1, 1).parts;
  const beside = part!.positions.map((value, at) => value + (at % 3 === 2 ? 0 : 1));
  const { watertight, volume } = figuresOf({ parts: [part!, { ...part!, positions: beside }] });
  expect(watertight).toBe(true);
  expect(volume).toBeCloseTo(2);
});

/** A plane of squares. */
function plane(side: number): Mesh {
  const row = side + 1;
  const positions = Float32Array.from({ length: row * row * 3 }, (_, i) => {
    const [at, axis] = [Math.floor(i / 3), i % 3];
    return axis === 0 ? (at % row) / side : axis === 1 ? Math.floor(at / row) / side : 0;
  });
  const indices = Uint32Array.from(
    Array.from({ length: side * side }, (_, square) => {
      const a = Math.floor(square / side) * row + (square % side);
      return [a, a + 1, a + row + 1, a, a + row + 1, a + row];
    }).flat(),
  );
  return { parts: [{ positions, indices, colour: [1, 1, 1] }] };
}

test("simplifying leaves out what the form does not need, and vertices that nobody uses", async () => {
  await simplifierReady;
  const [flat] = plane(20).parts;
  const simple = simplify(flat!, 0.01);
  expect(simple.indices.length / 3).toBeLessThan(20);
  expect(simple.positions.length / 3).toBe(new Set(simple.indices).size);
  expect(figuresOf({ parts: [simple] }).size).toEqual([1, 1, 0]);
  expect(simplify(flat!, 0)).toBe(flat);
});

test("simplifying to a number of triangles comes near it", async () => {
  const fewer = await simplifyTo(plane(20), 100);
  expect(figuresOf(fewer).triangles).toBeLessThanOrEqual(100);
  expect(await simplifyTo(fewer, 1000)).toBe(fewer);
});
