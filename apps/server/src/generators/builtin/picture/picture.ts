import sharp, { type KernelEnum } from "sharp";
import type { Picture, Rect } from "./raster.ts";

/** A picture that cannot be used, in a sentence for the person who sent it. */
export interface Refusal {
  readonly ok: false;
  readonly error: string;
}

export function refuse(error: string): Refusal {
  return { ok: false, error };
}

const MAX_PIXELS = 200_000_000;
const MIN_SIDE = 4;
const MAX_ASPECT = 50;

/**
 * Reads the first frame of a picture as sRGB with its EXIF rotation applied, shrunk so that no side is over `limit`.
 * Unreadable, tiny and extremely narrow pictures are refused.
 */
export async function readPicture(
  path: string,
  limit: number,
): Promise<{ ok: true; picture: Picture } | Refusal> {
  try {
    const options = { limitInputPixels: MAX_PIXELS, failOn: "truncated", pages: 1 } as const;
    const image = sharp(path, options);
    const { width, height } = await image.metadata();
    const [short, long] = [Math.min(width, height), Math.max(width, height)];
    if (short < MIN_SIDE || long > MAX_ASPECT * short) {
      return refuse(
        `The picture is too small or too narrow (${width} × ${height} pixels): use one of at least ` +
          `${MIN_SIDE} pixels each way, and no more than ${MAX_ASPECT} times as long as wide.`,
      );
    }
    const { data, info } = await image
      .autoOrient()
      .toColourspace("srgb")
      .resize(limit, limit, { fit: "inside", withoutEnlargement: true })
      .ensureAlpha()
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    return { ok: true, picture: { width: info.width, height: info.height, data } };
  } catch {
    return refuse(
      "The picture could not be decoded: it is damaged, cut short or of an unknown kind. Save it again as PNG or JPEG.",
    );
  }
}

/** Cuts `crop` out of a picture and scales it to exactly `width` × `height`. */
export async function resample(
  picture: Picture,
  crop: Rect,
  width: number,
  height: number,
): Promise<Picture> {
  const data = await resize(picture.data, 4, picture, crop, width, height, "lanczos3");
  return { width, height, data };
}

/** The same for one channel of bytes, with a filter that neither rings nor shifts an outline. */
export function resampleChannel(
  data: Uint8Array,
  size: { width: number; height: number },
  crop: Rect,
  width: number,
  height: number,
): Promise<Uint8Array> {
  return resize(data, 1, size, crop, width, height, "linear");
}

async function resize(
  data: Uint8Array,
  channels: 1 | 4,
  size: { width: number; height: number },
  crop: Rect,
  width: number,
  height: number,
  kernel: keyof KernelEnum,
): Promise<Uint8Array> {
  const cut = {
    left: crop.left,
    top: crop.top,
    width: crop.right - crop.left,
    height: crop.bottom - crop.top,
  };
  const image = sharp(data, { raw: { width: size.width, height: size.height, channels } })
    .extract(cut)
    .resize(width, height, { fit: "fill", kernel, fastShrinkOnLoad: false });
  return (channels === 1 ? image.toColourspace("b-w") : image).raw().toBuffer();
}

/** The whole of a picture. */
export function wholeOf({ width, height }: { width: number; height: number }): Rect {
  return { left: 0, top: 0, right: width, bottom: height };
}
