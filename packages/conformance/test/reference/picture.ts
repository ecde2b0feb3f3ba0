import { crc32, inflateSync } from "node:zlib";

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const JPEG = Buffer.from([0xff, 0xd8, 0xff]);
const MAX_PIXEL_BYTES = 64 * 1024 * 1024;

/**
 * What is wrong with a picture, in a sentence, or null when it is whole.
 *
 * Judged by its bytes. A PNG is read to its last pixel; of JPEG and WebP only the frame is checked.
 */
export function faultOf(bytes: Buffer): string | null {
  if (bytes.length === 0) return "The picture is empty.";
  if (bytes.subarray(0, 8).equals(PNG)) return pngFault(bytes);
  if (bytes.subarray(0, 3).equals(JPEG)) return jpegFault(bytes);
  if (bytes.toString("latin1", 0, 4) === "RIFF" && bytes.toString("latin1", 8, 12) === "WEBP")
    return webpFault(bytes);
  return "The bytes are not a PNG, JPEG or WebP.";
}

function pngFault(bytes: Buffer): string | null {
  const data: Buffer[] = [];
  let at = 8;
  while (at + 12 <= bytes.length) {
    const length = bytes.readUInt32BE(at);
    const end = at + 12 + length;
    if (end > bytes.length) return "The PNG is cut off.";
    const type = bytes.toString("latin1", at + 4, at + 8);
    if (crc32(bytes.subarray(at + 4, end - 4)) !== bytes.readUInt32BE(end - 4))
      return "A chunk of the PNG is damaged.";
    if (type === "IDAT") data.push(bytes.subarray(at + 8, end - 4));
    if (type === "IEND") return pixelFault(data);
    at = end;
  }
  return "The PNG has no end.";
}

function pixelFault(data: readonly Buffer[]): string | null {
  try {
    inflateSync(Buffer.concat(data), { maxOutputLength: MAX_PIXEL_BYTES });
    return null;
  } catch {
    return "The pixels of the PNG can't be read.";
  }
}

function jpegFault(bytes: Buffer): string | null {
  const hasScan = bytes.includes(Buffer.from([0xff, 0xda]));
  const hasEnd = bytes.lastIndexOf(Buffer.from([0xff, 0xd9])) > 0;
  return hasScan && hasEnd ? null : "The JPEG is cut off.";
}

function webpFault(bytes: Buffer): string | null {
  const whole = bytes.length >= 20 && bytes.readUInt32LE(4) + 8 <= bytes.length;
  return whole && bytes.toString("latin1", 12, 15) === "VP8" ? null : "The WebP is cut off.";
}
