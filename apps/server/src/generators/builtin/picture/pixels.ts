import type { Picture } from "./raster.ts";

/** A sprite that was not enlarged is no longer than this, and has no more colours. */
const SPRITE = 64;
const COLOURS = 24;
/** Squares are at least so long, and so many of them make the longest side at most. */
const SMALLEST = 4;
const MOST = 160;
/** A channel's step that is a change of colour. */
const STEP = 8;

/**
 * How long the squares are that the picture is made of, in its pixels: 1 for a small sprite, more for an enlarged one,
 * undefined for anything else.
 */
export function pixelSize(picture: Picture): number | undefined {
  const { width, height } = picture;
  const longest = Math.max(width, height);
  if (longest <= SPRITE) return isSprite(picture) ? 1 : undefined;
  const across = squareLength(picture, width, height, 1, width);
  if (across < SMALLEST) return undefined;
  const down = squareLength(picture, height, width, width, 1);
  const size = gcd(across, down);
  return size >= SMALLEST && longest / size <= MOST ? size : undefined;
}

/** How long each pixel of a small sprite is made, so that its corners are seen. */
const ENLARGED = 8;

/** A small sprite with its pixels as squares; any other picture as it is. */
export function squared(picture: Picture): Picture {
  if (pixelSize(picture) !== 1) return picture;
  const [width, height] = [picture.width * ENLARGED, picture.height * ENLARGED];
  const data = new Uint8Array(width * height * 4);
  for (let y = 0, o = 0; y < height; y++) {
    const row = Math.floor(y / ENLARGED) * picture.width;
    for (let x = 0; x < width; x++, o += 4) {
      const from = (row + Math.floor(x / ENLARGED)) * 4;
      data.set(picture.data.subarray(from, from + 4), o);
    }
  }
  return { width, height, data };
}

/** Lines are looked at so far apart at first: in most pictures a few tell that there are no squares. */
const STRIDE = 16;

/** The greatest length that divides every distance between changes along the lines; 0 where nothing changes. */
function squareLength(
  { data }: Picture,
  length: number,
  lines: number,
  stride: number,
  jump: number,
): number {
  const bytes = data.byteOffset % 4 === 0 ? data : new Uint8Array(data);
  const pixels = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  let [first, common] = [-1, 0];
  for (let from = 0; from < STRIDE; from++) {
    for (let line = from; line < lines; line += STRIDE) {
      for (let k = 1, at = line * jump + stride; k < length; k++, at += stride) {
        if (pixels[at] === pixels[at - stride] || !differs(data, at * 4, (at - stride) * 4))
          continue;
        if (first < 0) first = k;
        common = gcd(common, Math.abs(k - first));
        if (common > 0 && common < SMALLEST) return common;
      }
    }
  }
  return common;
}

function differs(data: Uint8Array, a: number, b: number): boolean {
  for (let k = 0; k < 4; k++) if (Math.abs(data[a + k]! - data[b + k]!) > STEP) return true;
  return false;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** Few colours, each wholly there or not at all. */
function isSprite({ data }: Picture): boolean {
  const colours = new Set<number>();
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3]!;
    if (alpha !== 0 && alpha !== 255) return false;
    if (alpha === 255) colours.add((data[i]! << 16) | (data[i + 1]! << 8) | data[i + 2]!);
    if (colours.size > COLOURS) return false;
  }
  return true;
}
