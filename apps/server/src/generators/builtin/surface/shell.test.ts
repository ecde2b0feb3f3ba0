import { insideOf } from "../picture/raster.ts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eulerOfMask, topologyOf } from "../../../../test/builtin/topology.ts";
import { arbitraryOutline } from "../../../../test/builtin/arbitrary.ts";
import { closeShell } from "./shell.ts";

describe("closeShell", () => {
  it("is closed, turned outwards, without degenerate triangles, and has the mask's topology", () => {
    fc.assert(
      fc.property(
        arbitraryOutline,
        fc.double({ min: 0.05, max: 20, noNaN: true }),
        (outline, depth) => {
          const heights = Float32Array.from(
            insideOf(outline),
            (one, cell) => one * depth * (1 + (cell % 7) / 7),
          );
          const { positions, indices } = closeShell(outline, heights, heights);
          // y points down here: upright, as it leaves the generator, outwards is positive.
          const upright = positions.map((value, i) => (i % 3 === 1 ? -value : value));
          const topology = topologyOf({ positions: upright, indices });
          expect(topology.openEdges).toBe(0);
          expect(topology.smallestArea).toBeGreaterThan(0);
          expect(topology.volume > 0).toBe(indices.length > 0);
          // A solid over a flat shape is the shape twice, glued along its outline: twice the shape's characteristic.
          expect(topology.euler).toBe(2 * eulerOfMask(outline));
        },
      ),
      { numRuns: 150 },
    );
  });
});
