import { open, writeFile } from "node:fs/promises";
import path from "node:path";

import fc from "fast-check";
import sharp from "sharp";
import { expect, test } from "vitest";

import { type PictureHeader, readHeader } from "../../src/pictures/header.ts";
import { scratch } from "../support/app.ts";

const drawing = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: { r: 200, g: 60, b: 30 } } });

type Draw = (width: number, height: number) => Promise<Buffer>;

const PICTURES: [what: string, format: PictureHeader["format"], draw: Draw][] = [
  ["PNG", "png", (w, h) => drawing(w, h).png().toBuffer()],
  ["an interlaced PNG", "png", (w, h) => drawing(w, h).png({ progressive: true }).toBuffer()],
  ["JPEG", "jpeg", (w, h) => drawing(w, h).jpeg().toBuffer()],
  ["a progressive JPEG", "jpeg", (w, h) => drawing(w, h).jpeg({ progressive: true }).toBuffer()],
  [
    "a JPEG with Exif",
    "jpeg",
    (w, h) => drawing(w, h).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
  ],
  ["WebP", "webp", (w, h) => drawing(w, h).webp().toBuffer()],
  ["a lossless WebP", "webp", (w, h) => drawing(w, h).webp({ lossless: true }).toBuffer()],
  ["a WebP with alpha", "webp", (w, h) => drawing(w, h).ensureAlpha(0.5).webp().toBuffer()],
  ["GIF", "gif", (w, h) => drawing(w, h).gif().toBuffer()],
  ["TIFF", "tiff", (w, h) => drawing(w, h).tiff().toBuffer()],
  ["a tiled TIFF", "tiff", (w, h) => drawing(w, h).tiff({ tile: true, pyramid: true }).toBuffer()],
  ["a BigTIFF", "tiff", (w, h) => drawing(w, h).tiff({ bigtiff: true }).toBuffer()],
  ["AVIF", "heif", (w, h) => drawing(w, h).avif({ effort: 0 }).toBuffer()],
];

/** Reads the header of these bytes, as a file. */
async function headerOf(directory: string, bytes: Uint8Array) {
  const file = path.join(directory, "picture");
  await writeFile(file, bytes);
  const handle = await open(file);
  try {
    return await readHeader(handle, (await handle.stat()).size);
  } finally {
    await handle.close();
  }
}

/** Puts an application segment of this many bytes before all others. */
function withSegments(jpeg: Buffer, count: number): Buffer {
  const segment = Buffer.alloc(65_535 + 2, 0x41);
  segment.set([0xff, 0xe1, 0xff, 0xff]);
  return Buffer.concat([
    jpeg.subarray(0, 2),
    ...Array.from({ length: count }, () => segment),
    jpeg.subarray(2),
  ]);
}

test.each(PICTURES)("the header of %s says what the decoder finds", async (_what, format, draw) => {
  const directory = await scratch();
  for (const [width, height] of [
    [1, 1],
    [257, 66],
    [300, 1025],
  ] as const)
    expect(await headerOf(directory, await draw(width, height))).toEqual({ format, width, height });
});

test("a size behind megabytes of other data is found", async () => {
  const jpeg = withSegments(await drawing(40, 30).jpeg().toBuffer(), 100);
  expect(await headerOf(await scratch(), jpeg)).toMatchObject({ width: 40, height: 30 });
});

test("a size behind more pieces than any honest picture has is not looked for", async () => {
  const jpeg = await drawing(40, 30).jpeg().toBuffer();
  const pieces = Buffer.alloc(4 * 1_000_000);
  for (let at = 0; at < pieces.length; at += 4) pieces.set([0xff, 0xe1, 0x00, 0x02], at);
  const file = Buffer.concat([jpeg.subarray(0, 2), pieces, jpeg.subarray(2)]);
  expect(await headerOf(await scratch(), file)).toBeUndefined();
});

test("whatever is bent, a header is read or refused, and never waited for", async () => {
  const directory = await scratch();
  const whole = await Promise.all(PICTURES.map(([, , draw]) => draw(64, 48)));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...whole),
      fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 6 }),
      fc.option(fc.nat(2000)),
      async (picture, changes, length) => {
        const bent = Buffer.from(picture.subarray(0, length ?? picture.length));
        for (const [at, value] of changes) if (at < bent.length) bent[at] = value;
        const found = await headerOf(directory, bent);
        if (found) expect(found.width * found.height).toBeGreaterThan(0);
      },
    ),
    { numRuns: 300 },
  );
});
