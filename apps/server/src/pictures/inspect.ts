import { open, type FileHandle } from "node:fs/promises";

import sharp from "sharp";

/** The formats we take, by the decoder's name for them. SVG is not among them: it is a program. */
const FORMATS = ["png", "jpeg", "webp", "gif", "tiff", "heif"] as const;

// What is not taken is not even opened: a decoder that nobody needs is only a way in.
sharp.block({ operation: ["VipsForeignLoad"] });
sharp.unblock({
  operation: ["Png", "Jpeg", "Webp", "Nsgif", "Tiff", "Heif"].map(
    (name) => `VipsForeignLoad${name}`,
  ),
});

export type PictureFault =
  | { readonly code: "unreadable_image"; readonly why: string }
  | { readonly code: "image_too_large"; readonly why: string };

/** True when a file ends as its format says; a format without an end to look for is taken at its word. */
const WHOLE: Record<string, (file: FileHandle, size: number) => Promise<boolean>> = {
  png: async (file, size) => (await tail(file, size, 64 * 1024)).includes("IEND", 0, "latin1"),
  jpeg: async (file, size) =>
    (await tail(file, size, 64 * 1024)).includes(Buffer.from([0xff, 0xd9])),
  webp: async (file, size) => {
    const header = Buffer.alloc(8);
    await file.read(header, 0, 8, 0);
    return header.readUInt32LE(4) + 8 <= size;
  },
};

async function tail(file: FileHandle, size: number, bytes: number): Promise<Buffer> {
  const length = Math.min(size, bytes);
  const end = Buffer.alloc(length);
  await file.read(end, 0, length, size - length);
  return end;
}

async function isWhole(path: string, format: string): Promise<boolean> {
  const whole = WHOLE[format];
  if (!whole) return true;
  const file = await open(path);
  try {
    return await whole(file, (await file.stat()).size);
  } finally {
    await file.close();
  }
}

/**
 * Judges an uploaded picture by its bytes, from its header and its end: no pixel is decoded here.
 *
 * @param maxPixels refuses anything larger, before a decompression bomb can go off
 */
export async function inspectPicture(
  path: string,
  maxPixels: number,
): Promise<PictureFault | undefined> {
  const unreadable = (why: string) => ({ code: "unreadable_image", why }) as const;
  let found: { format: string; width: number; height: number };
  try {
    found = await sharp(path, { limitInputPixels: false }).metadata();
  } catch {
    return unreadable("its bytes are not a picture that can be read");
  }
  if (!FORMATS.includes(found.format as never))
    return unreadable(`${found.format.toUpperCase()} is not taken`);
  const { width, height } = found;
  if (width * height > maxPixels)
    return {
      code: "image_too_large",
      why: `it has ${width} x ${height} pixels, more than ${maxPixels / 1e6} megapixels`,
    };
  if (!(await isWhole(path, found.format))) return unreadable("the file is cut short");
  return undefined;
}
