import zlib from "node:zlib";

const SIGNATURE = Buffer.from("89504e470d0a1a0a", "hex");

/** Whether a decoder would get through the chunks of a PNG: lengths, an IHDR, pixels that inflate, an IEND. */
function isWholePng(bytes: Buffer): boolean {
  const pixels: Buffer[] = [];
  for (let at = SIGNATURE.length; at + 12 <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString("latin1", at + 4, at + 8);
    if (at === SIGNATURE.length && type !== "IHDR") return false;
    if (type === "IEND") return inflates(Buffer.concat(pixels));
    if (type === "IDAT") pixels.push(bytes.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  return false;
}

function inflates(pixels: Buffer): boolean {
  try {
    return zlib.inflateSync(pixels, { maxOutputLength: 256 * 1024 * 1024 }).length > 0;
  } catch {
    return false;
  }
}

/** What Modly's models find out only when they open the picture, in the middle of a job. */
export function canBeOpened(bytes: Buffer): boolean {
  if (bytes.length < 16) return false;
  if (bytes.subarray(0, 8).equals(SIGNATURE)) return isWholePng(bytes);
  if (bytes.readUInt16BE(0) === 0xff_d8) return bytes.readUInt16BE(bytes.length - 2) === 0xff_d9;
  return bytes.toString("latin1", 0, 4) === "RIFF" && bytes.readUInt32LE(4) + 8 <= bytes.length + 1;
}
