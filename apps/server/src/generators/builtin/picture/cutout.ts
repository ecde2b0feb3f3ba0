import { alphaBounds, alphaCoverage, type AlphaUse } from "./alpha.ts";
import { borderCoverage, lookAtBorder } from "./border.ts";
import { resample, wholeOf } from "./picture.ts";
import type { Field, Picture, Rect } from "./raster.ts";

/** The foreground of a picture: where it is and how much of each cell it covers. */
export interface Cutout {
  /** The part of the picture that the grid covers, in its pixels. */
  readonly crop: Rect;
  /** 0..1; the outline runs where it crosses one half. */
  readonly coverage: Field;
}

export type Finding =
  | {
      readonly found: true;
      /** In a few words, for a step or a note: what the outline was taken from. */
      readonly because: string;
      /** Why the outline may be wrong; undefined if it is to be trusted. */
      readonly doubt: string | undefined;
      /** Computes the outline on a grid with `cells` along its longest side. */
      cutOut(cells: number): Promise<Cutout>;
    }
  | { readonly found: false; readonly because: string };

const LOOK = 128;

/** Finds what the picture is of: by its alpha channel if it uses one, else by its even border. */
export async function findForeground(picture: Picture, alpha: AlphaUse): Promise<Finding> {
  if (alpha.inUse) {
    const crop = widen(alphaBounds(picture, alpha.peak), picture, 0);
    return {
      found: true,
      because: "the background is transparent",
      doubt: undefined,
      async cutOut(cells) {
        const { width, height } = gridOf(crop, cells);
        return { crop, coverage: await alphaCoverage(picture, alpha.peak, crop, width, height) };
      },
    };
  }
  const small = gridOf(wholeOf(picture), LOOK);
  const look = lookAtBorder(await resample(picture, wholeOf(picture), small.width, small.height));
  if (look.bounds === undefined)
    return { found: false, because: look.doubt ?? "nothing stands out" };
  const scaleX = picture.width / look.width;
  const scaleY = picture.height / look.height;
  const found = {
    left: Math.floor(look.bounds.left * scaleX),
    top: Math.floor(look.bounds.top * scaleY),
    right: Math.ceil(look.bounds.right * scaleX),
    bottom: Math.ceil(look.bounds.bottom * scaleY),
  };
  // One cell of the first look on each side: so far its bounds can be off.
  const crop = widen(found, picture, Math.ceil(Math.max(scaleX, scaleY) * 1.5));
  return {
    found: true,
    because: "an object stands on an even background",
    doubt: look.doubt,
    async cutOut(cells) {
      const { width, height } = gridOf(crop, cells);
      const cut = await resample(picture, crop, width, height);
      return { crop, coverage: borderCoverage(look, cut, crop, picture) };
    },
  };
}

/** A grid of square cells over `crop` with `cells` along its longest side. */
export function gridOf(crop: Rect, cells: number): { width: number; height: number } {
  const width = crop.right - crop.left;
  const height = crop.bottom - crop.top;
  const scale = cells / Math.max(width, height);
  return {
    width: Math.max(2, Math.round(width * scale)),
    height: Math.max(2, Math.round(height * scale)),
  };
}

/** Room for the outline's soft edge, within the picture. */
function widen({ left, top, right, bottom }: Rect, picture: Picture, by: number): Rect {
  const margin = by + Math.ceil(Math.max(right - left, bottom - top) / 100);
  return {
    left: Math.max(0, left - margin),
    top: Math.max(0, top - margin),
    right: Math.min(picture.width, right + margin),
    bottom: Math.min(picture.height, bottom + margin),
  };
}
