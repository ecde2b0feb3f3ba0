import type { Field } from "../picture/raster.ts";

/** Positions in cells, x to the right, y down, z towards the viewer. */
export interface Slab {
  readonly positions: Float32Array;
  readonly indices: Uint32Array;
  /** The vertices from here on are those of the flat back. */
  readonly back: number;
}

/**
 * Heights as the front of a plate with upright walls and a flat back at `-base`. Each face has vertices of its own, so
 * that the plate's edges are shaded sharp.
 *
 * @param wrap joins the last column to the first, for a plate that is bent to a full circle
 */
export function slabOf(surface: Field, base: number, wrap = false): Slab {
  const { width, height, data } = surface;
  const columns = wrap ? width : width - 1;
  const rim = 4 * width + (wrap ? 0 : 2 * (height + 2));
  const positions = new Float32Array((width * height + rim + 2 * width) * 3);
  const indices = new Uint32Array(
    (columns * (height - 1) * 2 + columns * 6 + (wrap ? 0 : 2 * height)) * 3,
  );
  let vertices = 0;
  let used = 0;
  const add = (x: number, y: number, z: number): number => {
    const o = vertices * 3;
    positions[o] = x;
    positions[o + 1] = y;
    positions[o + 2] = z;
    return vertices++;
  };
  const triangle = (a: number, b: number, c: number): void => {
    indices[used++] = a;
    indices[used++] = b;
    indices[used++] = c;
  };
  const rows = (x: number): number[] => Array.from({ length: height }, (_, y) => y * width + x);

  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) add(x, y, data[y * width + x]!);
  }
  for (let y = 0; y < height - 1; y++) {
    for (let x = 0; x < columns; x++) {
      const a = y * width + x;
      const b = x === width - 1 ? y * width : a + 1;
      const [c, d] = [a + width, b + width];
      // Split along the diagonal that bends less.
      if (Math.abs(data[a]! - data[d]!) < Math.abs(data[b]! - data[c]!)) {
        triangle(a, c, d);
        triangle(a, d, b);
      } else {
        triangle(a, c, b);
        triangle(b, c, d);
      }
    }
  }
  for (const [y, down] of [
    [0, false],
    [height - 1, true],
  ] as const) {
    const above = Array.from({ length: width }, (_, x) => add(x, y, data[y * width + x]!));
    const below = Array.from({ length: width }, (_, x) => add(x, y, -base));
    for (let x = 0; x < columns; x++) {
      const [p, q] = [above[x]!, above[(x + 1) % width]!];
      const [r, s] = [below[x]!, below[(x + 1) % width]!];
      const [near, far] = down ? [r, s] : [s, r];
      triangle(p, near, far);
      triangle(p, down ? s : q, down ? q : s);
    }
  }
  if (!wrap) {
    for (const x of [0, width - 1]) {
      const above = rows(x).map((cell) => add(x, Math.floor(cell / width), data[cell]!));
      const [upper, lower] = [add(x, 0, -base), add(x, height - 1, -base)];
      const side = (a: number, b: number, c: number): void =>
        x === 0 ? triangle(a, b, c) : triangle(a, c, b);
      for (let k = 0; k < height - 1; k++) side(upper, above[k + 1]!, above[k]!);
      side(upper, lower, above[height - 1]!);
    }
  }
  const back = vertices;
  const tops = Array.from({ length: width }, (_, x) => add(x, 0, -base));
  const bottoms = Array.from({ length: width }, (_, x) => add(x, height - 1, -base));
  for (let x = 0; x < columns; x++) {
    const next = (x + 1) % width;
    triangle(tops[x]!, tops[next]!, bottoms[x]!);
    triangle(tops[next]!, bottoms[next]!, bottoms[x]!);
  }
  return { positions, indices, back };
}
