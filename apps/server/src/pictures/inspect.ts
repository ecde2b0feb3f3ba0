import { open, type FileHandle } from "node:fs/promises";

import { readHeader } from "./header.ts";

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

/**
 * Judges an uploaded picture by its bytes, from its header and its end: nothing is decoded here, so
 * nothing can go off. A picture that only a decoder finds damaged fails in its run.
 *
 * @param maxPixels refuses anything larger
 */
export async function inspectPicture(
  path: string,
  maxPixels: number,
): Promise<PictureFault | undefined> {
  const unreadable = (why: string) => ({ code: "unreadable_image", why }) as const;
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const found = await readHeader(file, size);
    if (!found) return unreadable("its bytes are not a picture that can be read");
    const { format, width, height } = found;
    if (width * height > maxPixels)
      return {
        code: "image_too_large",
        why: `it has ${width} x ${height} pixels, more than ${maxPixels / 1e6} megapixels`,
      };
    const whole = await (WHOLE[format]?.(file, size) ?? true);
    return whole ? undefined : unreadable("the file is cut short");
  } finally {
    await file.close();
  }
}
