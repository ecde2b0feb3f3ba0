import { expect, test } from "vitest";

import { simplify, simplifierReady } from "../src/simplify.ts";
import { welded } from "../src/weld.ts";
import { box } from "./shapes.ts";

test("what is simplified has no two triangles back to back", async () => {
  await simplifierReady;
  const { positions, indices } = welded(box(1, 1, 1));
  const tip = positions.length / 3;
  const [a, b] = indices as unknown as [number, number];
  const flapped = {
    positions: Float32Array.from([...positions, 2, 2, 2]),
    indices: Uint32Array.from([...indices, a, b, tip, b, a, tip]),
  };
  const simplified = simplify(flapped, 1e-6);
  expect(simplified.indices).toHaveLength(indices.length);
  expect(simplified.positions).toHaveLength(positions.length);
});
