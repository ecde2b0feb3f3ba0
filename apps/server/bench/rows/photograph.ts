import { fileURLToPath } from "node:url";

import sharp from "sharp";

const DUCK = fileURLToPath(new URL("../../../../examples/duck.png", import.meta.url));

/** A picture of a thing, this many pixels wide. */
export function photograph(side: number): Promise<Buffer> {
  return sharp(DUCK).resize(side, side, { fit: "contain" }).png().toBuffer();
}
