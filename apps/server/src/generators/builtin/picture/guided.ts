import { blur, field, type Field } from "./raster.ts";

/** How much a colour has to change for an edge to count, squared, of the guide's unit. */
const NOISE = 1e-3;

/** For each cell the line that leads from a guide's colour to a mask's value. */
export interface EdgeModel {
  readonly slopes: Three;
  readonly offset: Float32Array;
}

/**
 * Moves the edges of a mask to those of a picture: the guided filter of He, Sun and Tang (ECCV 2010), in colour.
 *
 * @param guide three numbers a cell, each about 0..1
 * @param radius how far an edge may be off, in cells
 */
export function followEdges(mask: Field, guide: Float32Array, radius: number): Field {
  return applied(modelEdges(guide, mask, radius, NOISE)(mask.data), guide, mask);
}

/** What a model says for the colours that it was made of. */
export function applied(
  { slopes: [r, g, b], offset }: EdgeModel,
  guide: Float32Array,
  { width, height }: { readonly width: number; readonly height: number },
): Field {
  const values = field(width, height);
  for (let cell = 0, at = 0; cell < offset.length; cell++, at += 3) {
    values.data[cell] =
      offset[cell]! + r[cell]! * guide[at]! + g[cell]! * guide[at + 1]! + b[cell]! * guide[at + 2]!;
  }
  return values;
}

/**
 * The filter before it is applied: for a guide that is finer than the mask, or several masks over the same guide.
 *
 * @param noise how much a colour has to change for an edge to count, squared
 */
export function modelEdges(
  guide: Float32Array,
  { width, height }: { readonly width: number; readonly height: number },
  radius: number,
  noise: number,
): (mask: Float32Array) => EdgeModel {
  const count = width * height;
  const smooth = (data: Float32Array): Float32Array =>
    blur({ width, height, data }, radius, 1).data;
  const channel = (k: number): Float32Array => {
    const values = new Float32Array(count);
    for (let cell = 0, at = k; cell < count; cell++, at += 3) values[cell] = guide[at]!;
    return values;
  };
  const times = (a: Float32Array, b: Float32Array): Float32Array => {
    const values = new Float32Array(count);
    for (let cell = 0; cell < count; cell++) values[cell] = a[cell]! * b[cell]!;
    return values;
  };
  const channels: Three = [channel(0), channel(1), channel(2)];
  const [r, g, b] = channels;
  const [mr, mg, mb] = [smooth(r), smooth(g), smooth(b)];
  const [rr, rg, rb] = [smooth(times(r, r)), smooth(times(r, g)), smooth(times(r, b))];
  const [gg, gb, bb] = [smooth(times(g, g)), smooth(times(g, b)), smooth(times(b, b))];
  return (mask) => {
    const level = smooth(mask);
    const [xr, xg, xb] = channels.map((one) => smooth(times(one, mask))) as Three;
    const [red, green, blue] = [
      new Float32Array(count),
      new Float32Array(count),
      new Float32Array(count),
    ];
    const offset = new Float32Array(count);
    for (let cell = 0; cell < count; cell++) {
      const p = mr[cell]!;
      const q = mg[cell]!;
      const s = mb[cell]!;
      const m = level[cell]!;
      const xx = rr[cell]! - p * p + noise;
      const xy = rg[cell]! - p * q;
      const xz = rb[cell]! - p * s;
      const yy = gg[cell]! - q * q + noise;
      const yz = gb[cell]! - q * s;
      const zz = bb[cell]! - s * s + noise;
      const u = xr[cell]! - p * m;
      const v = xg[cell]! - q * m;
      const w = xb[cell]! - s * m;
      const a = yy * zz - yz * yz;
      const d = xz * yz - xy * zz;
      const e = xy * yz - xz * yy;
      const determinant = xx * a + xy * d + xz * e;
      red[cell] = (a * u + d * v + e * w) / determinant;
      green[cell] = (d * u + (xx * zz - xz * xz) * v + (xy * xz - xx * yz) * w) / determinant;
      blue[cell] = (e * u + (xy * xz - xx * yz) * v + (xx * yy - xy * xy) * w) / determinant;
      offset[cell] = m - red[cell]! * p - green[cell]! * q - blue[cell]! * s;
    }
    return { slopes: [smooth(red), smooth(green), smooth(blue)], offset: smooth(offset) };
  };
}

type Three = [Float32Array, Float32Array, Float32Array];
