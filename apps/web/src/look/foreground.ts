/** A part of a picture, in shares of its width and height. */
export interface Part {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Motif {
  /** Width of the picture by its height. */
  readonly aspect: number;
  /** Where the thing is that the picture shows, as far as a plain ground tells. */
  readonly part: Part;
}

/** Longest side that is looked at, in pixels: enough to find an outline. */
const SIDE = 160;
/** Difference to the ground, of 255, from which a pixel belongs to the thing. */
const APART = 40;
export const WHOLE: Part = { left: 0, top: 0, width: 1, height: 1 };

/** Where a picture differs from its corner, which is taken for the ground. */
export function partOf(pixels: Uint8ClampedArray, width: number, height: number): Part {
  const ground = pixels.slice(0, 4);
  const isClear = ground[3]! < APART;
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = 4 * (y * width + x);
      const isGround =
        pixels[at + 3]! < APART ||
        (!isClear &&
          [0, 1, 2].every((part) => Math.abs(pixels[at + part]! - ground[part]!) < APART));
      if (isGround) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  if (right < 0) return WHOLE;
  return {
    left: left / width,
    top: top / height,
    width: (right - left + 1) / width,
    height: (bottom - top + 1) / height,
  };
}

/** What a picture shows and where, or undefined where this browser can't read it. */
export async function motifOf(picture: Blob): Promise<Motif | undefined> {
  const bitmap = await createImageBitmap(picture).catch(() => undefined);
  if (!bitmap) return undefined;
  const aspect = bitmap.width / bitmap.height;
  const scale = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) =>
    Math.max(1, Math.round(side * scale)),
  ) as [number, number];
  const pen = new OffscreenCanvas(width, height).getContext("2d");
  pen?.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const pixels = pen?.getImageData(0, 0, width, height).data;
  return { aspect, part: pixels ? partOf(pixels, width, height) : WHOLE };
}

/** The part of the picture that became the mesh: the thing, or all of it, whichever has its shape. */
export function madeInto({ aspect, part }: Motif, meshAspect: number): Part {
  const misfit = ({ width, height }: Part) =>
    Math.abs(Math.log((aspect * width) / height / meshAspect));
  return misfit(part) <= misfit(WHOLE) ? part : WHOLE;
}
