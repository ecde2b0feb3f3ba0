import sharp from "sharp";
import { expect, test } from "vitest";

import { appForAll } from "../support/app.ts";
import { heavyPicture, picture, png } from "../support/pictures.ts";
import { expectProblem } from "../support/raw.ts";

const drawing = () =>
  sharp({ create: { width: 40, height: 30, channels: 3, background: { r: 200, g: 60, b: 30 } } });

const noise = (width: number, height: number) =>
  sharp(
    Buffer.from(Array.from({ length: width * height * 3 }, (_, index) => (index * 7919) % 251)),
    { raw: { width, height, channels: 3 } },
  );

const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="9" height="9"/></svg>';

/** The tail of a file that the client lost on the way. */
const half = (file: Buffer) => file.subarray(0, file.length >> 1);

type Bad = [what: string, file: () => Buffer | Promise<Buffer>, code: string];

const BAD: Bad[] = [
  ["one byte", () => Buffer.from("x"), "unreadable_image"],
  [
    "a text labelled image/png",
    () => Buffer.from("hello, I am no picture\n".repeat(99)),
    "unreadable_image",
  ],
  ["zeros", () => Buffer.alloc(10_000), "unreadable_image"],
  ["a signature and nothing else", () => picture().subarray(0, 8), "unreadable_image"],
  ["half a PNG", async () => half(await noise(64, 64).png().toBuffer()), "unreadable_image"],
  ["half a JPEG", async () => half(await noise(64, 64).jpeg().toBuffer()), "unreadable_image"],
  ["half a WebP", async () => half(await noise(64, 64).webp().toBuffer()), "unreadable_image"],
  [
    "a JPEG's header only",
    async () => (await drawing().jpeg().toBuffer()).subarray(0, 20),
    "unreadable_image",
  ],
  ["a bomb of 60000 x 60000", () => png(60_000, 60_000, 1), "image_too_large"],
  ["a line without end", () => png(2_000_000_000, 1, 0), "unreadable_image|image_too_large"],
  ["no pixels", () => png(0, 0, 0), "unreadable_image"],
  ["an SVG", () => Buffer.from(SVG), "unreadable_image"],
  [
    "an SVG behind a declaration",
    () => Buffer.from(`<?xml version="1.0"?>\n<!-- c -->\n${SVG}`),
    "unreadable_image",
  ],
  [
    "an SVG that reads a file",
    () =>
      Buffer.from(
        SVG.replace("<rect", '<image href="file:///etc/passwd" width="1" height="1"/><rect'),
      ),
    "unreadable_image",
  ],
  [
    "laughing entities",
    () =>
      Buffer.from(
        `<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>${SVG.replace("<rect", "<text>&b;</text><rect")}`,
      ),
    "unreadable_image",
  ],
  [
    "a PDF",
    () => Buffer.from("%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"),
    "unreadable_image",
  ],
  [
    "a page",
    () => Buffer.from("<!doctype html><title>x</title><script>1</script>"),
    "unreadable_image",
  ],
  ["a ZIP", () => Buffer.from("PK\u0003\u0004".padEnd(200, "\0")), "unreadable_image"],
  [
    "a raster in text",
    () => Buffer.from("P3\n2 2\n255\n" + "1 2 3 ".repeat(4)),
    "unreadable_image",
  ],
  [
    "a lying RIFF",
    () => Buffer.from("RIFF\xff\xff\xff\x7fWEBPVP8 ".padEnd(80, "\0"), "latin1"),
    "unreadable_image",
  ],
];

const shared = appForAll();

test("what is no whole picture of ours is refused before there is a run", async () => {
  const app = shared();
  for (const [what, file, code] of BAD) {
    const found = expectProblem(await app.post({ file: await file() }));
    expect(found.code, what).toMatch(new RegExp(`^(?:${code})$`));
    expect(found.errors?.[0]?.field, what).toBe("image");
    // What is no picture of ours was not opened by the decoder that would know it.
    expect(found.detail, what).not.toMatch(/SVG|PDF|PPM|ZIP/);
  }
  await expect.poll(async () => (await app.leftOnDisk()).uploads).toEqual([]);
});

test.each<[what: string, file: () => Promise<Buffer> | Buffer]>([
  ["PNG", () => drawing().png().toBuffer()],
  [
    "a PNG in 16 bits with alpha",
    () => drawing().ensureAlpha().toColourspace("rgb16").png().toBuffer(),
  ],
  ["JPEG", () => drawing().jpeg().toBuffer()],
  ["progressive JPEG", () => drawing().jpeg({ progressive: true }).toBuffer()],
  ["JPEG in CMYK", () => drawing().toColourspace("cmyk").jpeg().toBuffer()],
  ["a turned JPEG", () => drawing().withMetadata({ orientation: 6 }).jpeg().toBuffer()],
  ["WebP", () => drawing().webp().toBuffer()],
  [
    "lossless WebP with alpha",
    () => drawing().ensureAlpha(0.5).webp({ lossless: true }).toBuffer(),
  ],
  ["GIF", () => drawing().gif().toBuffer()],
  ["TIFF", () => drawing().tiff().toBuffer()],
  ["AVIF", () => drawing().avif().toBuffer()],
  ["a PNG with a long comment", () => heavyPicture(500_000)],
  [
    "bytes behind its end",
    async () => Buffer.concat([await drawing().jpeg().toBuffer(), Buffer.alloc(500)]),
  ],
])("%s is taken, whatever its label says", async (_what, file) => {
  const app = shared();
  const answer = await app.post({ file: await file(), contentType: "image/png" });
  expect(answer).toMatchObject({ status: 200 });
  expect((await app.ended(answer.body.run_id as string)).status).toBe("done");
});
