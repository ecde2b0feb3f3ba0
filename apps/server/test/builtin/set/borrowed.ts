import { createRequire } from "node:module";
import sharp from "sharp";
import { asPng } from "./compose.ts";
import type { Drawn } from "./picture.ts";

interface IconSet {
  readonly width: number;
  readonly height: number;
  readonly icons: Readonly<Record<string, { readonly body: string }>>;
}

const require = createRequire(import.meta.url);

/** Read when first asked for: the largest has three thousand figures. */
const SETS = {
  marks: () => require("@iconify-json/simple-icons/icons.json") as IconSet,
  strokes: () => require("@iconify-json/lucide/icons.json") as IconSet,
  figures: () => require("@iconify-json/fluent-emoji-flat/icons.json") as IconSet,
} as const;

function draw(set: keyof typeof SETS, icon: string, side: number, colour: string): Promise<Buffer> {
  const { width, height, icons } = SETS[set]();
  const { body } = icons[icon]!;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1 -1 ${width + 2} ${height + 2}" width="${side}" height="${side}" color="${colour}">${body}</svg>`;
  return asPng(sharp(Buffer.from(svg))).toBuffer();
}

const drawn = (name: string, truth: () => Promise<Buffer>): Drawn => ({ name, truth, draw: truth });

/** A mark of one colour (Simple Icons, CC0). */
export const mark = (icon: string, colour: string): Drawn =>
  drawn(`${icon}-mark`, () => draw("marks", icon, 640, colour));

/** An icon of strokes (Lucide, ISC licence). */
export const strokes = (icon: string, colour = "#222222"): Drawn =>
  drawn(`${icon}-icon`, () => draw("strokes", icon, 512, colour));

/** A figure in flat colours (Fluent Emoji, MIT licence). */
export const figure = (icon: string): Drawn =>
  drawn(icon, () => draw("figures", icon, 640, "#000000"));
