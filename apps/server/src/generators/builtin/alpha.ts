import { resampleChannel } from "./picture.ts";
import type { Field, Picture, Rect } from "./raster.ts";

/** Share of see-through pixels from which the alpha channel is taken for an outline. */
const IN_USE = 0.003;
/** Below this the whole picture counts as invisible. */
const VISIBLE = 16;

export interface AlphaUse {
  readonly inUse: boolean;
  /** Nothing can be seen at all. */
  readonly invisible: boolean;
  /** The highest alpha; half of it draws the outline, so that a faint picture has one too. */
  readonly peak: number;
}

export function alphaUse({ data }: Picture): AlphaUse {
  let peak = 0;
  let clear = 0;
  for (let i = 3; i < data.length; i += 4) {
    const alpha = data[i]!;
    if (alpha > peak) peak = alpha;
    if (alpha < 128) clear++;
  }
  return { inUse: clear > (data.length / 4) * IN_USE, invisible: peak < VISIBLE, peak };
}

/** The rectangle of what is more than half visible. */
export function alphaBounds({ width, height, data }: Picture, peak: number): Rect {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0, i = 3; y < height; y++) {
    for (let x = 0; x < width; x++, i += 4) {
      if (data[i]! * 2 <= peak) continue;
      if (x < left) left = x;
      if (x >= right) right = x + 1;
      if (y < top) top = y;
      bottom = y + 1;
    }
  }
  return { left, top, right, bottom };
}

/** How much of each cell the alpha channel covers, 0..1. */
export async function alphaCoverage(
  picture: Picture,
  peak: number,
  crop: Rect,
  width: number,
  height: number,
): Promise<Field> {
  const alpha = new Uint8Array(picture.width * picture.height);
  for (let i = 0, o = 3; i < alpha.length; i++, o += 4) alpha[i] = picture.data[o]!;
  const bytes = await resampleChannel(alpha, picture, crop, width, height);
  return { width, height, data: Float32Array.from(bytes, (byte) => Math.min(1, byte / peak)) };
}
