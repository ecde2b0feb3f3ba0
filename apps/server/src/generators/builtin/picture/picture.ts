import sharp, { type KernelEnum, type Sharp } from "sharp";
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
    const rgb = withoutAlpha(data);
    return { ok: true, picture: { width: info.width, height: info.height, data, ...rgb } };
  } catch {
    return refuse(
      "The picture could not be decoded: it is damaged, cut short or of an unknown kind. Save it again as PNG or JPEG.",
    );
  }
}

function withoutAlpha(data: Uint8Array): Pick<Picture, "rgb"> {
  const bytes = data.byteOffset % 4 === 0 ? data : new Uint8Array(data);
  const pixels = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  const rgb = new Uint8Array(pixels.length * 3);
  for (let from = 0, to = 0; from < pixels.length; from++, to += 3) {
    const pixel = pixels[from]!;
    if (pixel >>> 24 !== 255) return {};
    rgb[to] = pixel;
    rgb[to + 1] = pixel >>> 8;
    rgb[to + 2] = pixel >>> 16;
  }
  return { rgb };
}

/** Cuts `crop` out of a picture and scales it to exactly `width` × `height`. */
export async function resample(
  picture: Picture,
  crop: Rect,
  width: number,
  height: number,
): Promise<Picture> {
  const source = picture.rgb
    ? ({ bytes: picture.rgb, channels: 3 } as const)
    : ({ bytes: picture.data, channels: 4 } as const);
  const image = resize(source, picture, crop, { width, height, kernel: "lanczos3" });
  return { width, height, data: await image.ensureAlpha().raw().toBuffer() };
}

/** The same for one channel of bytes, with a filter that neither rings nor shifts an outline. */
export function resampleChannel(
  data: Uint8Array,
  size: { width: number; height: number },
  crop: Rect,
  width: number,
  height: number,
): Promise<Uint8Array> {
  const source = { bytes: data, channels: 1 } as const;
  const image = resize(source, size, crop, { width, height, kernel: "linear" });
  return image.toColourspace("b-w").raw().toBuffer();
}

function resize(
  { bytes, channels }: { readonly bytes: Uint8Array; readonly channels: 1 | 3 | 4 },
  { width, height }: { readonly width: number; readonly height: number },
  { left, top, right, bottom }: Rect,
  to: { readonly width: number; readonly height: number; readonly kernel: keyof KernelEnum },
): Sharp {
  return sharp(bytes, { raw: { width, height, channels } })
    .extract({ left, top, width: right - left, height: bottom - top })
    .resize({ ...to, fit: "fill", fastShrinkOnLoad: false });
}

/** The whole of a picture. */
export function wholeOf({ width, height }: { width: number; height: number }): Rect {
  return { left: 0, top: 0, right: width, bottom: height };
}
