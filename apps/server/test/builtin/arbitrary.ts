import fc from "fast-check";
import { field, type Field } from "../../src/generators/builtin/picture/raster.ts";

/** A grid of coverage with empty cells along its edge: blobs, noise of any density, hard and soft outlines. */
export const arbitraryOutline: fc.Arbitrary<Field> = fc
  .record({
    width: fc.integer({ min: 6, max: 48 }),
    height: fc.integer({ min: 6, max: 48 }),
    soft: fc.boolean(),
    noise: fc.double({ min: 0, max: 1, noNaN: true }),
    seed: fc.integer(),
    discs: fc.array(fc.record({ x: unit(), y: unit(), radius: unit(), inside: fc.boolean() }), {
      maxLength: 6,
    }),
  })
  .map(({ width, height, soft, noise, seed, discs }) => {
    const outline = field(width, height);
    let state = seed;
    const random = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return (state >>> 8) / 0x1000000;
    };
    for (let y = 1; y < height - 1; y++) {
      for (let x = 1; x < width - 1; x++) {
        let value = discs.length === 0 ? random() * (0.5 + noise) : 0;
        for (const disc of discs) {
          const reach = 1 + disc.radius * 16 - Math.hypot(x - disc.x * width, y - disc.y * height);
          if (reach > 0)
            value = disc.inside
              ? Math.max(value, Math.min(1, reach))
              : Math.min(value, Math.max(0, 1 - reach));
        }
        outline.data[y * width + x] = soft ? Math.min(1, value) : value > 0.5 ? 1 : 0;
      }
    }
    return outline;
  });

function unit(): fc.Arbitrary<number> {
  return fc.double({ min: 0, max: 1, noNaN: true });
}
