import { createDeflate } from "node:zlib";

import { chunk } from "./pictures.ts";

const SIDE = 40_000;
const STRIDE = SIDE / 8 + 1;

/** Zeros of the size of an image, deflated piece by piece: nothing here holds the image. */
async function deflatedZeros(length: number): Promise<Buffer> {
  const deflate = createDeflate({ level: 1 });
  const pieces: Buffer[] = [];
  const over = (async () => {
    for await (const piece of deflate) pieces.push(piece as Buffer);
  })();
  const zeros = Buffer.alloc(1024 * 1024);
  for (let left = length; left > 0; left -= zeros.length) {
    const piece = left < zeros.length ? zeros.subarray(0, left) : zeros;
    if (!deflate.write(piece))
      await new Promise((resolve) => {
        deflate.once("drain", resolve);
      });
  }
  deflate.end();
  await over;
  return Buffer.concat(pieces);
}

/** A sound PNG of 40,000 by 40,000 pixels of one bit: under a megabyte that unpacks to 1.6 gigapixels. */
export async function bomb(): Promise<Buffer> {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(SIDE, 0);
  header.writeUInt32BE(SIDE, 4);
  header.set([1, 0, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", await deflatedZeros(STRIDE * SIDE)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}
