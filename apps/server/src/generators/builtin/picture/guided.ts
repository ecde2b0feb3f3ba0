import { blur, field, type Field } from "./raster.ts";

/** How much a colour has to change for an edge to count, squared, of the guide's unit. */
const NOISE = 1e-3;

/**
 * Moves the edges of a mask to those of a picture: the guided filter of He, Sun and Tang (ECCV 2010), in colour.
 *
 * @param guide three numbers a cell, each about 0..1
 * @param radius how far an edge may be off, in cells
 */
export function followEdges(mask: Field, guide: Float32Array, radius: number): Field {
  const { width, height } = mask;
  const mean = (at: (cell: number) => number): Float32Array => {
    const values = field(width, height);
    for (let cell = 0; cell < values.data.length; cell++) values.data[cell] = at(cell);
    return blur(values, radius, 1).data;
  };
  const [red, green, blue] = [0, 1, 2].map((k) => mean((cell) => guide[cell * 3 + k]!)) as Three;
  const product = (a: number, b: number): Float32Array =>
    mean((cell) => guide[cell * 3 + a]! * guide[cell * 3 + b]!);
  const [rr, rg, rb] = [product(0, 0), product(0, 1), product(0, 2)];
  const [gg, gb, bb] = [product(1, 1), product(1, 2), product(2, 2)];
  const level = mean((cell) => mask.data[cell]!);
  const [mr, mg, mb] = [0, 1, 2].map((k) =>
    mean((cell) => guide[cell * 3 + k]! * mask.data[cell]!),
  ) as Three;
  const slopes = new Float32Array(width * height * 3);
  const offset = new Float32Array(width * height);
  for (let cell = 0; cell < offset.length; cell++) {
    const [r, g, b, m] = [red[cell]!, green[cell]!, blue[cell]!, level[cell]!];
    const xx = rr[cell]! - r * r + NOISE;
    const xy = rg[cell]! - r * g;
    const xz = rb[cell]! - r * b;
    const yy = gg[cell]! - g * g + NOISE;
    const yz = gb[cell]! - g * b;
    const zz = bb[cell]! - b * b + NOISE;
    const [u, v, w] = [mr[cell]! - r * m, mg[cell]! - g * m, mb[cell]! - b * m];
    const [a, d, e] = [yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy];
    const determinant = xx * a + xy * d + xz * e;
    const p = (a * u + d * v + e * w) / determinant;
    const q = (d * u + (xx * zz - xz * xz) * v + (xy * xz - xx * yz) * w) / determinant;
    const s = (e * u + (xy * xz - xx * yz) * v + (xx * yy - xy * xy) * w) / determinant;
    slopes.set([p, q, s], cell * 3);
    offset[cell] = m - p * r - q * g - s * b;
  }
  const [pr, pg, pb] = [0, 1, 2].map((k) => mean((cell) => slopes[cell * 3 + k]!)) as Three;
  const rest = mean((cell) => offset[cell]!);
  return {
    width,
    height,
    data: rest.map(
      (value, cell) =>
        value +
        pr[cell]! * guide[cell * 3]! +
        pg[cell]! * guide[cell * 3 + 1]! +
        pb[cell]! * guide[cell * 3 + 2]!,
    ),
  };
}

type Three = [Float32Array, Float32Array, Float32Array];
