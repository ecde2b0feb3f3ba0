import sharp from "sharp";

import { type DoStep, failed, made, nameOf, number } from "../step.ts";
import { backgroundOf } from "./background.ts";

/** Larger pictures are refused before they cost memory. */
const MOST_PIXELS = 100_000_000;
/** Side of the picture in which the background is looked for: more tells no more. */
const LOOKED_AT = 1024;

const opened = (bytes: Uint8Array) => sharp(bytes, { limitInputPixels: MOST_PIXELS }).rotate();
const unreadable = (cause: unknown) =>
  failed(`The picture can't be read: ${(cause as Error).message.split("\n")[0]}.`, true);

export const resize: DoStep = async (context) => {
  const { longest, format } = context.params as {
    longest: number;
    format: "png" | "jpeg" | "webp";
  };
  try {
    const { data, info } = await opened(await context.read(context.inputs["image"]![0]))
      .resize(longest, longest, { fit: "inside", withoutEnlargement: true })
      .toFormat(format, { quality: 90 })
      .toBuffer({ resolveWithObject: true });
    const extension = format === "jpeg" ? "jpg" : format;
    const image = await context.keep(data, {
      type: "image",
      format: extension,
      name: nameOf(context),
    });
    return made({ image, width: number(info.width), height: number(info.height) });
  } catch (cause) {
    return unreadable(cause);
  }
};

export const cutout: DoStep = async (context) => {
  const { tolerance, margin } = context.params as { tolerance: number; margin: number };
  try {
    const source = await context.read(context.inputs["image"]![0]);
    const { data: pixels, info } = await opened(source)
      .toColourspace("srgb")
      .ensureAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const { width, height } = info;
    // What is cut out already keeps its own edge.
    if (!hasSeeThrough(pixels)) {
      const small = await opened(source)
        .flatten({ background: "white" })
        .resize(LOOKED_AT, LOOKED_AT, { fit: "inside", withoutEnlargement: true })
        .toColourspace("lab")
        .raw({ depth: "float" })
        .toBuffer({ resolveWithObject: true });
      const lab = new Float32Array(
        small.data.buffer,
        small.data.byteOffset,
        small.data.byteLength / 4,
      );
      const { background, share } = backgroundOf(
        lab,
        small.info.width,
        small.info.height,
        tolerance,
      );
      if (share < 0.02)
        return failed(
          "There is no plain background at the picture's edge to cut the object out of.",
          true,
        );
      if (share > 0.995) return failed("The picture is nothing but background.", true);
      const mask = await sharp(Buffer.from(background.map((is) => (is ? 0 : 255))), {
        raw: { width: small.info.width, height: small.info.height, channels: 1 },
      })
        .resize(width, height, { fit: "fill", kernel: "cubic" })
        .blur(0.8)
        .extractChannel(0)
        .raw()
        .toBuffer();
      for (let at = 0; at < mask.length; at++) pixels[at * 4 + 3] = mask[at]!;
    }
    const box = boxOf(pixels, width, height);
    if (!box) return failed("The picture is see-through all over.", true);
    const room = Math.round(Math.max(box.width, box.height) * margin);
    const clear = { r: 0, g: 0, b: 0, alpha: 0 };
    const image = await sharp(pixels, { raw: { width, height, channels: 4 } })
      .extract(box)
      .extend({ top: room, bottom: room, left: room, right: room, background: clear })
      .png()
      .toBuffer();
    return made({
      image: await context.keep(image, { type: "image", format: "png", name: nameOf(context) }),
    });
  } catch (cause) {
    return unreadable(cause);
  }
};

/** True if a hundredth of the pixels at least is see-through. */
function hasSeeThrough(pixels: Uint8Array): boolean {
  let clear = 0;
  for (let at = 3; at < pixels.length; at += 4) if (pixels[at]! < 128) clear++;
  return clear * 400 >= pixels.length;
}

/** The smallest box around what can be seen. */
function boxOf(pixels: Uint8Array, width: number, height: number) {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      if (pixels[(y * width + x) * 4 + 3]! < 16) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = y;
    }
  return right < 0 ? undefined : { left, top, width: right - left + 1, height: bottom - top + 1 };
}
