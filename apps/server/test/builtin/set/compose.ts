import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import sharp, { type Sharp } from "sharp";
import { DRAWINGS, type DrawingName } from "./drawings.ts";
import type { Drawn } from "./picture.ts";

export const example = (name: string): Promise<Buffer> =>
  readFile(fileURLToPath(new URL(`../../../../../examples/${name}.png`, import.meta.url)));

export const photograph = (file: string): Promise<Buffer> =>
  readFile(fileURLToPath(new URL(`photographs/${file}`, import.meta.url)));

export const drawing = (name: DrawingName): Promise<Buffer> =>
  sharp(Buffer.from(DRAWINGS[name])).png().toBuffer();

export const asPng = (image: Sharp): Sharp => image.png();

/** A drawing with an alpha channel, its own truth. */
export function cutout(name: DrawingName, file: (image: Sharp) => Sharp = asPng): Drawn {
  const truth = () => drawing(name);
  return { name, truth, draw: async () => file(sharp(await truth())).toBuffer() };
}

/** A drawing set on an opaque ground with room around it; the truth is known because we drew it. */
export function product(
  name: DrawingName,
  ground: (width: number, height: number) => string,
  file: (image: Sharp) => Sharp = asPng,
): Drawn {
  const room = 80;
  const above = async (): Promise<Buffer> =>
    sharp(await drawing(name))
      .extend({ top: room, bottom: room, left: room, right: room, background: CLEAR })
      .png()
      .toBuffer();
  const draw = async (): Promise<Buffer> => {
    const object = await above();
    const { width, height } = await sharp(object).metadata();
    const below = Buffer.from(svg(width, height, ground(width, height)));
    const scene = sharp(below)
      .composite([{ input: object }])
      .removeAlpha()
      .png();
    return file(sharp(await scene.toBuffer())).toBuffer();
  };
  // The colours as the file has them (a CMYK file cannot hold all), the outline as it was drawn.
  const truth = async (): Promise<Buffer> => {
    const alpha = await sharp(await above())
      .extractChannel("alpha")
      .toBuffer();
    const colours = await sharp(await draw())
      .autoOrient()
      .toColourspace("srgb")
      .removeAlpha()
      .png()
      .toBuffer();
    return sharp(colours).joinChannel(alpha).png().toBuffer();
  };
  return { name: `${name}-opaque`, truth, draw };
}

/** What is drawn without any room around it, as a JPEG on white. */
export function tight({ name, draw }: Drawn): Drawn {
  const trimmed = async (): Promise<Sharp> =>
    sharp(
      await sharp(await draw())
        .trim()
        .png()
        .toBuffer(),
    );
  return {
    name: `${name}-tight`,
    truth: async () => (await trimmed()).png().toBuffer(),
    draw: async () =>
      (await trimmed()).flatten({ background: "#fff" }).jpeg({ quality: 90 }).toBuffer(),
  };
}

/** What is drawn as a JPEG of low quality on a plain ground, with room around it. */
export function compressed({ name, draw, truth }: Drawn, ground: string): Drawn {
  const room = { top: 40, bottom: 40, left: 40, right: 40, background: ground };
  return {
    name: `${name}-jpeg`,
    ...(truth && { truth }),
    draw: async () =>
      sharp(await draw())
        .flatten({ background: ground })
        .extend(room)
        .jpeg({ quality: 60 })
        .toBuffer(),
  };
}

/** A photograph as a page shows it: on white, with round corners. */
export async function roundCorners(file: string): Promise<Buffer> {
  const image = sharp(await photograph(file))
    .toColourspace("srgb")
    .ensureAlpha();
  const { width, height } = await image.metadata();
  const card = `<rect width="${width}" height="${height}" rx="${Math.round(width / 10)}" fill="#fff"/>`;
  const cut = await image
    .composite([{ input: Buffer.from(svg(width, height, card)), blend: "dest-in" }])
    .png()
    .toBuffer();
  return sharp(cut).flatten({ background: "#fff" }).jpeg({ quality: 85 }).toBuffer();
}

export const CLEAR = { r: 0, g: 0, b: 0, alpha: 0 };

export function svg(width: number, height: number, body: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${body}</svg>`;
}

export const plain =
  (colour: string) =>
  (width: number, height: number): string =>
    `<rect width="${width}" height="${height}" fill="${colour}"/>`;

export const shaded = (width: number, height: number): string =>
  `<defs><radialGradient id="s" cx="0.5" cy="0.45" r="0.8"><stop offset="0" stop-color="#d2d2d4"/><stop offset="1" stop-color="#a6a7aa"/></radialGradient></defs>
  <rect width="${width}" height="${height}" fill="url(#s)"/>`;

export const shadowed = (width: number, height: number): string =>
  `<defs><filter id="b" x="-50%" y="-200%" width="200%" height="500%"><feGaussianBlur stdDeviation="22"/></filter></defs>
  <rect width="${width}" height="${height}" fill="#fff"/>
  <ellipse cx="${width / 2}" cy="${height - 92}" rx="${width * 0.32}" ry="20" fill="#000" opacity="0.35" filter="url(#b)"/>`;

export const flat = (
  width: number,
  height: number,
  background: string | typeof CLEAR,
): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 4, background } })
    .png()
    .toBuffer();
