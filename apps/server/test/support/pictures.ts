import { crc32, deflateSync } from "node:zlib";

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

/**
 * A grey PNG (ISO/IEC 15948). Its header may promise another size than its rows have.
 *
 * @param rows how many rows there really are
 */
export function png(width: number, height: number, rows = height, level = 128): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const all = Array.from({ length: rows }, () => Buffer.alloc(width + 1, level).fill(0, 0, 1));
  const pixels = deflateSync(Buffer.concat(all), { level: 1 });
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", pixels),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** A small whole picture; another `level` makes another picture. */
export function picture(level = 128): Buffer {
  return png(4, 4, 4, level);
}

/** A valid PNG of at least so many bytes: a comment chunk makes up the rest. */
export function heavyPicture(bytes: number): Buffer {
  const small = picture();
  const end = small.length - 12;
  const padding = chunk("teXt", Buffer.alloc(Math.max(0, bytes - small.length - 12), 0x61));
  return Buffer.concat([small.subarray(0, end), padding, small.subarray(end)]);
}

const [TAG_WIDTH, TAG_LENGTH, LONG, TAG_BYTES] = [256, 257, 4, 12];

/** A TIFF of many pages, each no more than its size. */
export function manyPages(count: number): Buffer {
  const page = 2 + 2 * TAG_BYTES + 4;
  const file = Buffer.alloc(8 + count * page);
  file.write("II*\0", "latin1");
  file.writeUInt32LE(8, 4);
  for (let at = 8; at < file.length; at += page) {
    file.writeUInt16LE(2, at);
    for (const [index, tag] of [TAG_WIDTH, TAG_LENGTH].entries()) {
      const entry = at + 2 + index * TAG_BYTES;
      file.writeUInt16LE(tag, entry);
      file.writeUInt16LE(LONG, entry + 2);
      file.writeUInt32LE(1, entry + 4);
      file.writeUInt32LE(64, entry + 8);
    }
    file.writeUInt32LE(at + page < file.length ? at + page : 0, at + page - 4);
  }
  return file;
}

/** A PNG of less than a MiB whose 25 comments inflate to 30 MiB each, which a decoder keeps four times over. */
export function commentBomb(): Buffer {
  const small = png(64, 64);
  const text = deflateSync(Buffer.alloc(30 * 1024 ** 2, 0x41), { level: 9 });
  const head = 8 + 12 + 13;
  const comments = Array.from({ length: 25 }, (_, index) =>
    chunk("zTXt", Buffer.concat([Buffer.from(`Comment ${index}\0\0`, "latin1"), text])),
  );
  return Buffer.concat([small.subarray(0, head), ...comments, small.subarray(head)]);
}
