import type { Picture } from "./raster.ts";

/** A channel of sRGB, 0..255, as the light it stands for, 0..1 (IEC 61966-2-1). */
export const LINEAR = Float32Array.from({ length: 256 }, (_, byte) => {
  const c = byte / 255;
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
});

const EPSILON = 216 / 24389;
const KAPPA = 24389 / 27;

function compress(t: number): number {
  return t > EPSILON ? Math.cbrt(t) : (KAPPA * t + 16) / 116;
}

const known = new WeakMap<Picture, Float32Array>();

/**
 * CIE L*a*b* (D65) of every pixel, three floats each; L* is 0..100. Alpha is not looked at. Computed once for a picture:
 * not to be changed.
 */
export function toLab(picture: Picture): Float32Array {
  const before = known.get(picture);
  if (before !== undefined) return before;
  const lab = convert(picture);
  known.set(picture, lab);
  return lab;
}

function convert({ width, height, data }: Picture): Float32Array {
  const lab = new Float32Array(width * height * 3);
  for (let i = 0, o = 0; i < data.length; i += 4, o += 3) {
    const r = LINEAR[data[i]!]!;
    const g = LINEAR[data[i + 1]!]!;
    const b = LINEAR[data[i + 2]!]!;
    const x = compress((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
    const y = compress(0.2126 * r + 0.7152 * g + 0.0722 * b);
    const z = compress((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
    lab[o] = 116 * y - 16;
    lab[o + 1] = 500 * (x - y);
    lab[o + 2] = 200 * (y - z);
  }
  return lab;
}
