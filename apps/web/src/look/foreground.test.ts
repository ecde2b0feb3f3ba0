import { expect, test } from "vitest";

import { madeInto, partOf, WHOLE } from "./foreground.ts";

/** A picture of one colour with a block of another in it. */
function pictureOf(ground: readonly number[], block: readonly number[]) {
  const pixels = new Uint8ClampedArray(8 * 10 * 4);
  for (let y = 0; y < 10; y++)
    for (let x = 0; x < 8; x++)
      pixels.set(x >= 2 && x < 6 && y >= 1 && y < 6 ? block : ground, 4 * (y * 8 + x));
  return partOf(pixels, 8, 10);
}

const BLOCK = { left: 0.25, top: 0.1, width: 0.5, height: 0.5 };

test.each([
  ["white", [255, 255, 255, 255], [200, 20, 20, 255]],
  ["nothing", [0, 0, 0, 0], [0, 0, 0, 255]],
])("what stands on a ground of %s is found", (_, ground, block) => {
  expect(pictureOf(ground, block)).toEqual(BLOCK);
});

test("a picture that is all ground counts as a whole", () => {
  expect(pictureOf([9, 9, 9, 255], [12, 9, 9, 255])).toEqual(WHOLE);
});

test("what became the mesh is what has its shape", () => {
  const motif = { aspect: 0.8, part: BLOCK };
  expect(madeInto(motif, 0.8)).toEqual(BLOCK);
  const wide = { aspect: 2, part: { ...BLOCK, width: 0.1 } };
  expect(madeInto(wide, 2)).toEqual(WHOLE);
});
