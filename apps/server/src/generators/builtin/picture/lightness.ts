import type { Field, Picture } from "./raster.ts";

/** Luma (Rec. 709 weights on sRGB values) on white, 0..1. */
export function lightnessOf({ width, height, data }: Picture): Field {
  const luma = new Float32Array(width * height);
  for (let i = 0, o = 0; i < luma.length; i++, o += 4) {
    const alpha = data[o + 3]! / 255;
    const value = (0.2126 * data[o]! + 0.7152 * data[o + 1]! + 0.0722 * data[o + 2]!) / 255;
    luma[i] = value * alpha + 1 - alpha;
  }
  return { width, height, data: luma };
}
