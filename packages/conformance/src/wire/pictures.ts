import { crc32, deflateSync } from "node:zlib";

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

/**
 * A PNG made here, so that the suite needs no picture library: a dark disc on a clear ground, which
 * any image-to-mesh model can cut out. `seed` changes the colours and so the bytes; the size is in
 * pixels, square.
 */
export function png(seed = 0, size = 64): Buffer {
  const stride = size * 4 + 1;
  const rows = Buffer.alloc(stride * size);
  const radius = size * (0.25 + ((seed * 7) % 13) / 100);
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const at = y * stride + 1 + x * 4;
      const inside = Math.hypot(x - size / 2, y - size / 2) < radius;
      rows[at] = (40 + seed * 17) % 256;
      rows[at + 1] = (90 + seed * 5 + Math.floor(seed / 256)) % 256;
      rows[at + 2] = (120 + x) % 256;
      rows[at + 3] = inside ? 255 : 0;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    // Keeps two seeds apart even where their pixels agree.
    chunk("tEXt", Buffer.from(`Comment\0modly-runs conformance ${seed}`, "latin1")),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** A PNG that breaks off in the middle of its pixels. */
export function truncatedPng(): Buffer {
  const whole = png(3, 96);
  return whole.subarray(0, Math.floor(whole.length * 0.6));
}

/** The right signature, then nothing that a decoder can use. */
export function garbagePng(): Buffer {
  const body = Buffer.alloc(600, 0x5a);
  png().copy(body, 0, 0, 8);
  return body;
}
