import { crc32, deflateSync } from "node:zlib";

/** A chunk of a PNG: length, type, data, checksum. */
export function chunk(type: string, data: Buffer): Buffer {
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
  const area = (size * (0.25 + ((seed * 7) % 13) / 100)) ** 2;
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const at = y * stride + 1 + x * 4;
      const inside = (x - size / 2) ** 2 + (y - size / 2) ** 2 < area;
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
    chunk("IDAT", deflateSync(rows, { level: 1 })),
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

/** The kinds of PNG that cameras, scanners and drawing programs write. */
export const PNG_KINDS = {
  grey: { colour: 0, depth: 8, width: 64, height: 64 },
  "grey, 16 bits": { colour: 0, depth: 16, width: 64, height: 64 },
  RGB: { colour: 2, depth: 8, width: 64, height: 64 },
  palette: { colour: 3, depth: 8, width: 64, height: 64 },
  "grey with alpha": { colour: 4, depth: 8, width: 64, height: 64 },
  "RGBA, 16 bits": { colour: 6, depth: 16, width: 64, height: 64 },
  portrait: { colour: 6, depth: 8, width: 48, height: 96 },
  landscape: { colour: 6, depth: 8, width: 96, height: 48 },
  "one megapixel": { colour: 2, depth: 8, width: 1024, height: 1024 },
  "more than 1 MiB": { colour: 2, depth: 8, width: 640, height: 640, noise: true },
} as const satisfies Record<string, PngKind>;

type PngKind = {
  /** As IHDR has it: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha. */
  readonly colour: 0 | 2 | 3 | 4 | 6;
  readonly depth: 8 | 16;
  readonly width: number;
  readonly height: number;
  /** Pixels that no compression makes smaller. */
  readonly noise?: boolean;
};

const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 } as const;

/** A PNG of a kind: a disc on a light ground; `seed` keeps two of them apart. */
export function pngOf(kind: PngKind, seed = 0): Buffer {
  const { colour, depth, width, height, noise = false } = kind;
  const bytes = depth / 8;
  const channels = CHANNELS[colour];
  const stride = width * channels * bytes + 1;
  const rows = Buffer.alloc(stride * height);
  const area = (Math.min(width, height) * 0.35) ** 2;
  let state = (seed + 1) | 1;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const inside = (x - width / 2) ** 2 + (y - height / 2) ** 2 < area;
      for (let channel = 0; channel < channels; channel += 1) {
        const alpha = channel === channels - 1 && (colour === 4 || colour === 6);
        state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
        const tone = inside ? (60 + seed * 31 + channel * 40) % 200 : 250;
        const value = alpha ? 255 : colour === 3 ? Number(inside) : noise ? state >>> 24 : tone;
        rows[y * stride + 1 + (x * channels + channel) * bytes] = value % 256;
      }
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colour, 0, 0, 0], 8);
  const palette = Buffer.from([250, 250, 250, (40 + seed * 29) % 200, 90, 120]);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    ...(colour === 3 ? [chunk("PLTE", palette)] : []),
    chunk("IDAT", deflateSync(rows, { level: 1 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** A drawing, which is a document and no picture. */
export const SVG = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><circle cx="32" cy="32" r="20" fill="#123"/></svg>',
);
