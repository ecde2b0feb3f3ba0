import { expect, it } from "vitest";
import { limitsBeside } from "./noise.ts";

const SIDE = 64;
const LEVELS = { threshold: 5, strong: 30 };

/** A strong square in the middle, and beside it what `of` says of how far a cell is from the square. */
function distances(of: (away: number, cell: number) => number) {
  const data = new Float32Array(SIDE * SIDE);
  const foreground = new Uint8Array(SIDE * SIDE);
  for (let cell = 0; cell < data.length; cell++) {
    const [x, y] = [cell % SIDE, Math.floor(cell / SIDE)];
    const away = Math.max(20 - x, x - 43, 20 - y, y - 43, 0);
    data[cell] = away === 0 ? 60 : of(away, cell);
    foreground[cell] = data[cell]! < LEVELS.threshold ? 0 : 1;
  }
  return { scene: { width: SIDE, height: SIDE, data }, foreground };
}

it("lets pass what rings beside the object, and only there", () => {
  const { scene, foreground } = distances((away, cell) =>
    away > 8 ? 0 : ((cell * 2654435761) >>> 16) % 5,
  );
  const limits = limitsBeside(scene, foreground, LEVELS)!;
  expect(limits[30 * SIDE + 15]).toBeGreaterThan(10);
  expect(limits[30 * SIDE + 3]).toBe(5);
});

it.each([
  ["clean", () => 0],
  ["pale and even, like a white coat", () => 8],
  ["a soft shadow", (away: number) => Math.max(0, 4 - away / 4)],
])("lets nothing more pass where what is beside the object is %s", (_, of) => {
  const { scene, foreground } = distances(of);
  expect(limitsBeside(scene, foreground, LEVELS)).toBeUndefined();
});
