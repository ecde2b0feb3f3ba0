import { createHash } from "node:crypto";
import zlib from "node:zlib";

function chunk(type: string, content: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, "latin1"), content]);
  const whole = Buffer.alloc(typed.length + 8);
  whole.writeUInt32BE(content.length, 0);
  typed.copy(whole, 4);
  whole.writeUInt32BE(zlib.crc32(typed), whole.length - 4);
  return whole;
}

/** A picture of 16 by 16 pixels like no other: its bytes hold `mark`, so its SHA-256 tells whose it is. */
export function pictureOf(mark: string): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(16, 0);
  header.writeUInt32BE(16, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc(16 * (1 + 16 * 3), 120);
  for (let row = 0; row < 16; row += 1) rows[row * 49] = 0;
  return Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    chunk("IHDR", header),
    chunk("tEXt", Buffer.from(`Comment\0${mark}`, "latin1")),
    chunk("IDAT", zlib.deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** The SHA-256 of that picture, in hexadecimal. */
export function fingerprintOf(mark: string): string {
  return createHash("sha256").update(pictureOf(mark)).digest("hex");
}
