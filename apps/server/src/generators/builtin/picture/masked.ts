import { followEdges } from "./guided.ts";
import { toLab } from "./lab.ts";
import { resample } from "./picture.ts";
import { blur, field, type Field, type Picture, type Rect } from "./raster.ts";

/** Half the cells of a coarse mask that its edge may be off. */
const OFF = 1.5;
/** How much harder the edge is made than it came out of the filter. */
const HARDER = 2;

/**
 * How much of each cell a coarse mask covers once its edge is moved to the picture's own.
 *
 * @param mask 0..1 over the whole picture
 * @param crop the part of the picture that is wanted, in its pixels
 */
export async function refine(
  mask: Field,
  picture: Picture,
  crop: Rect,
  width: number,
  height: number,
): Promise<Field> {
  const cells = await resample(picture, crop, width, height);
  const guide = toLab(cells).map((value) => value / 100);
  const coarse = spreadOver(blur(mask, 1, 1), picture, crop, width, height);
  const scale = (width / (crop.right - crop.left)) * (picture.width / mask.width);
  const fine = followEdges(coarse, guide, Math.max(1, Math.round(OFF * scale)));
  return {
    width,
    height,
    data: fine.data.map((value) => Math.min(1, Math.max(0, 0.5 + HARDER * (value - 0.5)))),
  };
}

/** What is known of the whole picture over a part of it, bilinear between the middles of its cells. */
export function spreadOver(
  mask: Field,
  picture: { width: number; height: number },
  crop: Rect,
  width: number,
  height: number,
): Field {
  const fine = field(width, height);
  const place = (at: number, cells: number, from: number, to: number, of: number, most: number) => {
    const x = ((from + ((at + 0.5) / cells) * (to - from)) / of) * most - 0.5;
    const low = Math.min(most - 1, Math.max(0, Math.floor(x)));
    return { low, high: Math.min(most - 1, low + 1), share: Math.min(1, Math.max(0, x - low)) };
  };
  for (let y = 0; y < height; y++) {
    const v = place(y, height, crop.top, crop.bottom, picture.height, mask.height);
    for (let x = 0; x < width; x++) {
      const u = place(x, width, crop.left, crop.right, picture.width, mask.width);
      const at = (row: number, column: number): number => mask.data[row * mask.width + column]!;
      const upper = at(v.low, u.low) * (1 - u.share) + at(v.low, u.high) * u.share;
      const lower = at(v.high, u.low) * (1 - u.share) + at(v.high, u.high) * u.share;
      fine.data[y * width + x] = upper * (1 - v.share) + lower * v.share;
    }
  }
  return fine;
}
