import { alphaBounds, alphaCoverage, type AlphaUse } from "./alpha.ts";
import type { Networks } from "../networks/index.ts";
import { borderCoverage, FILLS, lookAtBorder, MANY_PARTS, UNEVEN } from "./border.ts";
import { grabCut } from "./grabcut/index.ts";
import { refine } from "./masked.ts";
import { resample, wholeOf } from "./picture.ts";
import { areas, field, type Field, type Picture, type Rect } from "./raster.ts";

/** The foreground of a picture: where it is and how much of each cell it covers. */
export interface Cutout {
  /** Why this outline is not what was seen at first; undefined if it is. */
  readonly lost?: string;
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
      /** The colour of what is behind, sRGB 0..255 each; undefined where it is transparent. */
      readonly ground: readonly [number, number, number] | undefined;
      /** Computes the outline on a grid with `cells` along its longest side. */
      cutOut(cells: number): Promise<Cutout>;
    }
  | { readonly found: false; readonly because: string };

const LOOK = 128;

/** How hard an object is looked for. */
export interface Search {
  /** Also takes what the outline encloses. */
  readonly fill: boolean;
  /** Looks for an object by its colours where the border is uneven: some tenths of a second. */
  readonly thorough: boolean;
  /** A model that sees the object; asked in place of the colours. */
  readonly mask?: Networks["mask"];
}

/**
 * Finds what the picture is of: by its alpha channel if it uses one, else by its even border, else by what its colours
 * tell.
 */
export async function findForeground(
  picture: Picture,
  alpha: AlphaUse,
  { fill, ...search }: Search,
): Promise<Finding> {
  const finding = await lookForForeground(picture, alpha, search);
  if (!finding.found) return finding;
  const kept = new Map<number, Promise<Cutout>>();
  return {
    ...finding,
    cutOut(cells) {
      const before = kept.get(cells);
      if (before !== undefined) return before;
      const cutout = finding
        .cutOut(cells)
        .then((cut) => (fill ? { ...cut, coverage: filled(cut.coverage) } : cut));
      kept.set(cells, cutout);
      return cutout;
    },
  };
}

/** The coverage with everything that it encloses. */
function filled({ width, height, data }: Field): Field {
  const outside = Uint8Array.from(data, (covered) => (covered > 0.5 ? 0 : 1));
  const { label, touchesEdge } = areas(outside, width);
  return {
    width,
    height,
    data: data.map((covered, cell) => {
      const area = label[cell]!;
      return area > 0 && !touchesEdge[area]! ? 1 : covered;
    }),
  };
}

async function lookForForeground(
  picture: Picture,
  alpha: AlphaUse,
  { thorough, mask }: Omit<Search, "fill">,
): Promise<Finding> {
  if (alpha.inUse) {
    const crop = widen(alphaBounds(picture, alpha.peak), picture, 0);
    return {
      found: true,
      because: "the background is transparent",
      doubt: undefined,
      ground: undefined,
      async cutOut(cells) {
        const { width, height } = gridOf(crop, cells);
        return { crop, coverage: await alphaCoverage(picture, alpha.peak, crop, width, height) };
      },
    };
  }
  const small = gridOf(wholeOf(picture), LOOK);
  const look = lookAtBorder(await resample(picture, wholeOf(picture), small.width, small.height));
  const grabbed = thorough ? await searchFor(picture, look.doubt, mask) : undefined;
  if (grabbed?.found === true) return grabbed;
  const unsure = grabbed === undefined ? "" : `, and ${grabbed.because}`;
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
    doubt: look.doubt === undefined ? undefined : `${look.doubt}${unsure}`,
    ground: borderColour(picture),
    async cutOut(cells) {
      const { width, height } = gridOf(crop, cells);
      const cut = await resample(picture, crop, width, height);
      const coverage = borderCoverage(look, cut, crop, picture);
      const seen = (look.share * picture.width * picture.height) / areaOf(crop);
      return { crop, coverage, ...(shareOf(coverage) < seen * KEPT && { lost: LOST }) };
    },
  };
}

/** Looks further where the border alone leaves doubt; undefined where that is no use. */
async function searchFor(
  picture: Picture,
  doubt: string | undefined,
  mask: Search["mask"],
): Promise<Finding | undefined> {
  if (doubt === undefined || doubt === MANY_PARTS || doubt === FILLS) return undefined;
  if (mask === undefined) return UNEVEN.includes(doubt) ? grab(picture) : undefined;
  const seen = await mask(picture);
  if ("why" in seen) return { found: false, because: seen.why };
  if (shareOf(seen) < FAINT) return { found: false, because: "the mask model sees no object" };
  return maskedFinding(seen, picture, "the mask model sees an object");
}

/** Less of the picture than this is no object. */
const FAINT = 0.003;

/** Cells along the longest side that an object is looked for on by its colours. */
const SEARCH = 256;

/** What stands out by its colours from an uneven background, if that is beyond doubt. */
async function grab(picture: Picture): Promise<Finding> {
  const whole = wholeOf(picture);
  const small = gridOf(whole, SEARCH);
  const { width, height, inside, doubt } = grabCut(
    await resample(picture, whole, small.width, small.height),
  );
  if (doubt !== undefined) return { found: false, because: doubt };
  const mask = field(width, height);
  mask.data.set(inside);
  return maskedFinding(mask, picture, "an object stands out from an uneven background");
}

/** An object that a mask over the whole picture covers. */
function maskedFinding(mask: Field, picture: Picture, because: string): Finding {
  const { width, height } = mask;
  let [left, top, right, bottom] = [width, height, 0, 0];
  mask.data.forEach((covered, cell) => {
    if (covered <= 0.5) return;
    const [x, y] = [cell % width, Math.floor(cell / width)];
    [left, right] = [Math.min(left, x), Math.max(right, x + 1)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y + 1)];
  });
  const [scaleX, scaleY] = [picture.width / width, picture.height / height];
  const box = {
    left: Math.floor(left * scaleX),
    top: Math.floor(top * scaleY),
    right: Math.ceil(right * scaleX),
    bottom: Math.ceil(bottom * scaleY),
  };
  const crop = widen(box, picture, Math.ceil(Math.max(scaleX, scaleY) * 2));
  return {
    found: true,
    because,
    doubt: undefined,
    ground: borderColour(picture),
    async cutOut(cells) {
      const size = gridOf(crop, cells);
      return { crop, coverage: await refine(mask, picture, crop, size.width, size.height) };
    },
  };
}

/** An outline that holds less of what the first look saw than this has lost the object. */
const KEPT = 0.5;
const LOST = "a closer look loses most of what stands out: it hardly differs from its background";

function areaOf({ left, top, right, bottom }: Rect): number {
  return (right - left) * (bottom - top);
}

function shareOf({ data }: Field): number {
  return data.reduce((sum, covered) => sum + (covered > 0.5 ? 1 : 0), 0) / data.length;
}

/** The median colour along the picture's edge. */
function borderColour({ width, height, data }: Picture): readonly [number, number, number] {
  const counts = [0, 1, 2].map(() => new Uint32Array(256));
  const add = (x: number, y: number): void => {
    const at = (y * width + x) * 4;
    for (let k = 0; k < 3; k++) counts[k]![data[at + k]!]!++;
  };
  for (let x = 0; x < width; x++) [0, height - 1].forEach((y) => add(x, y));
  for (let y = 0; y < height; y++) [0, width - 1].forEach((x) => add(x, y));
  const [r, g, b] = counts.map((of) => {
    let level = 0;
    for (let left = width + height; left >= of[level]!; level++) left -= of[level]!;
    return level;
  });
  return [r!, g!, b!];
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
