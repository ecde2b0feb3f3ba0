import { resampleChannel, wholeOf } from "./picture.ts";
import { enlarge, type Field, type Picture, type Rect } from "./raster.ts";

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

export function alphaUse({ data, rgb }: Picture): AlphaUse {
  if (rgb !== undefined) return { inUse: false, invisible: false, peak: 255 };
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
  const alpha = cutAlpha(picture, crop);
  const size = { width, height };
  const shrinks = width < alpha.width;
  const bytes = shrinks
    ? await resampleChannel(alpha.data, alpha, wholeOf(alpha), width, height)
    : width === alpha.width && height === alpha.height
      ? alpha.data
      : enlarge(alpha.data, alpha, size);
  const shares = Float32Array.from({ length: 256 }, (_, alpha) => Math.min(1, alpha / peak));
  const data = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) data[i] = shares[bytes[i]!]!;
  if (shrinks) keepThinLines({ ...size, data }, alpha, peak);
  return { ...size, data };
}

interface Channel {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

function cutAlpha(picture: Picture, { left, top, right, bottom }: Rect): Channel {
  const [width, height] = [right - left, bottom - top];
  const data = new Uint8Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    let from = ((top + y) * picture.width + left) * 4 + 3;
    for (let x = 0; x < width; x++, i++, from += 4) data[i] = picture.data[from]!;
  }
  return { width, height, data };
}

/** Coverage that just passes for inside. */
const HAIR = 0.6;

/** A line thinner than half a cell covers none of them by half: its cells are made to count, as thinly as can be. */
function keepThinLines({ width, height, data }: Field, alpha: Channel, peak: number): void {
  const near = new Uint8Array(data.length);
  for (let cell = 0; cell < data.length; cell++) {
    if (data[cell]! <= 0.5) continue;
    // Around a body lies its own soft edge.
    near[cell] = near[cell - 1] = near[cell + 1] = near[cell - width] = near[cell + width] = 1;
  }
  const ends = Int32Array.from({ length: width }, (_, x) =>
    Math.ceil(((x + 1) * alpha.width) / width - 0.5),
  );
  for (let y = 0; y < alpha.height; y++) {
    const row = Math.floor(((y + 0.5) * height) / alpha.height) * width;
    const line = y * alpha.width;
    for (let column = 0, x = 0; column < width; column++) {
      const end = ends[column]!;
      if (near[row + column] === 1) x = end;
      for (; x < end; x++) {
        if (alpha.data[line + x]! * 2 > peak) data[row + column] = HAIR;
      }
    }
  }
}
