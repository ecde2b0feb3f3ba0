import { resampleChannel } from "./picture.ts";
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
  const cut = { width: crop.right - crop.left, height: crop.bottom - crop.top };
  const bytes =
    width > cut.width
      ? enlarge(cutChannel(alpha, picture.width, crop), cut, { width, height })
      : await resampleChannel(alpha, picture, crop, width, height);
  const coverage = {
    width,
    height,
    data: Float32Array.from(bytes, (byte) => Math.min(1, byte / peak)),
  };
  if (width < cut.width) keepThinLines(coverage, alpha, picture.width, crop, peak);
  return coverage;
}

function cutChannel(
  data: Uint8Array,
  stride: number,
  { left, top, right, bottom }: Rect,
): Uint8Array {
  const out = new Uint8Array((right - left) * (bottom - top));
  for (let y = top; y < bottom; y++) {
    out.set(data.subarray(y * stride + left, y * stride + right), (y - top) * (right - left));
  }
  return out;
}

/** Coverage that just passes for inside. */
const HAIR = 0.6;

/** A line thinner than half a cell covers none of them by half: its cells are made to count, as thinly as can be. */
function keepThinLines(
  { width, height, data }: Field,
  alpha: Uint8Array,
  stride: number,
  crop: Rect,
  peak: number,
): void {
  const scaleX = width / (crop.right - crop.left);
  const scaleY = height / (crop.bottom - crop.top);
  const body = data.map((value) => (value > 0.5 ? 1 : 0));
  for (let y = crop.top; y < crop.bottom; y++) {
    const row = Math.floor((y - crop.top + 0.5) * scaleY);
    for (let x = crop.left; x < crop.right; x++) {
      if (alpha[y * stride + x]! * 2 <= peak) continue;
      const column = Math.floor((x - crop.left + 0.5) * scaleX);
      const cell = row * width + column;
      if (body[cell] === 1) continue;
      // The soft edge of a body is not a line.
      if (column > 0 && body[cell - 1] === 1) continue;
      if (column < width - 1 && body[cell + 1] === 1) continue;
      if (row > 0 && body[cell - width] === 1) continue;
      if (row < height - 1 && body[cell + width] === 1) continue;
      data[cell] = HAIR;
    }
  }
}
