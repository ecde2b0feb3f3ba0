import { FILLS, MANY_PARTS, MOST_PARTS } from "../picture/border.ts";
import type { Cutout, Finding } from "../picture/cutout.ts";
import { toLab } from "../picture/lab.ts";
import { meanWidth } from "../picture/outline.ts";
import {
  flatShare,
  gapBetween,
  nearestColours,
  paletteOf,
  shareOfColour,
  shareOfMiddles,
  type Swatch,
} from "../picture/palette.ts";
import { resample } from "../picture/picture.ts";
import { pixelSize } from "../picture/pixels.ts";
import { blur, insideOf, partsOf, type Field, type Picture } from "../picture/raster.ts";
import type { Params } from "../params.ts";
import type { MethodName } from "./index.ts";
import { isTurned, profileOf, roundness } from "./lathe/axis.ts";
import type { Sight } from "./method.ts";

/** What auto takes for a picture, and why. */
export interface Choice {
  readonly method: MethodName;
  /** In a few words, for a step and the mesh's extras. */
  readonly because: string;
  /** What else might have been meant. */
  readonly instead: readonly MethodName[];
  /** What the picture asks for beside the caller's parameters. */
  readonly params?: Partial<Params>;
}

/** This share of a logo or of text has one colour; with a second one as a mark on it a little less. */
const ONE_COLOUR = 0.9;
const MARKED = 0.85;
const NO_THIRD = 0.02;
/** This share of flat artwork has no shading; of artwork in two colours more. */
const FLAT = 0.75;
const FLATTER = 0.93;
/** Parts narrower than this, in cells, are lines: shading can't be seen on them. */
const LINE = 9;
/** Two flat colours in parts no wider than this are a drawing, like scissors: a body would be a bent wire. */
const NARROW = 16;
/** So much of each part has one colour where the parts of a logo have one each. */
const PURE = 0.97;
/** A second colour along so much of the outline is a part of the thing. */
const BESIDE = 0.05;
/** Shades of one colour are nearer than this (CIE76). */
const ANOTHER = 30;
const ONE = "it is flat artwork of one colour, like a logo or text";
/** Letters and modules from this number on belong together on a plate. */
const LOOSE = 15;
const TURNED = "it stands on a foot, with a neck between wider parts, as what is turned does";
/** Doubts that do not count for flat artwork. */
const DISPELLED: readonly string[] = [MANY_PARTS, FILLS];
const GRID = 256;
const FINEST = 1024;

/** Auto cuts out only what it is sure of: a relief of an object disappoints less than a shredded photograph. */
export async function choose(sight: Sight): Promise<Choice> {
  const finding = await sight.foreground();
  if (!finding.found) return relief(finding.because);
  if (finding.doubt !== undefined && !DISPELLED.includes(finding.doubt)) {
    return relief(finding.doubt);
  }
  const cutout = await finding.cutOut(GRID);
  if (cutout.lost !== undefined) return relief(cutout.lost);
  const parts = countParts(cutout);
  const flat = await flatness(sight, finding, cutout, parts);
  const round = roundness(cutout.coverage);
  if (flat === ONE && isTurned(cutout.coverage)) {
    return { method: "lathe", because: TURNED, instead: ["extrude", "inflate"] };
  }
  if (flat !== undefined) {
    return {
      method: "extrude",
      because: flat,
      instead: round.isRound ? ["lathe", "inflate"] : ["inflate"],
      // The modules of a code and the letters of a page belong together.
      ...(parts > LOOSE && { params: { plate: "rectangle" } }),
    };
  }
  if (finding.doubt !== undefined) return relief(finding.doubt);
  if (parts > MOST_PARTS) return relief(MANY_PARTS);
  if (round.isRound && (await isBanded(sight, cutout))) {
    return { method: "lathe", because: round.because, instead: ["inflate"] };
  }
  return { method: "inflate", because: finding.because, instead: ["extrude"] };
}

function relief(because: string): Choice {
  return { method: "relief", because, instead: ["lithophane"] };
}

/** Why the cut-out is flat artwork, which wants straight walls; undefined if it is not. */
async function flatness(
  { picture }: Sight,
  finding: Extract<Finding, { found: true }>,
  cutout: Cutout,
  parts: number,
): Promise<string | undefined> {
  if (pixelSize(picture) !== undefined) return "it is pixel art, made of squares";
  const { crop, coverage } = cutout;
  const width = meanWidth(coverage);
  if (width < LINE) {
    const native = Math.max(crop.right - crop.left, crop.bottom - crop.top);
    const fine = await finding.cutOut(Math.min(FINEST, native));
    const cells = await resample(picture, fine.crop, fine.coverage.width, fine.coverage.height);
    return shareOfMiddles(cells, fine.coverage) >= ONE_COLOUR
      ? "it is drawn in lines, each of one colour"
      : undefined;
  }
  const cells = await resample(picture, crop, coverage.width, coverage.height);
  const palette = paletteOf(cells, coverage, 3);
  const [first, second, third] = palette;
  if (first === undefined) return undefined;
  const flat = flatShare(cells, coverage);
  const share = shareOfColour(cells, coverage, first);
  if (flat > FLAT && share >= ONE_COLOUR) {
    return second !== undefined && isPartOf(cells, coverage, palette) ? undefined : ONE;
  }
  if (flat <= FLATTER || (third?.share ?? 0) >= NO_THIRD) return undefined;
  if (share >= MARKED) {
    return "it is flat artwork of one colour with marks of another, like a badge";
  }
  if (width < NARROW) return "it is drawn in two flat colours, in narrow parts";
  return parts > 1 && shareOfMiddles(cells, coverage) >= PURE
    ? "each of its parts has one of two flat colours"
    : undefined;
}

/** Whether the second colour is no mark on the first but a part beside it, like a trunk under a crown. */
function isPartOf(cells: Picture, coverage: Field, palette: readonly Swatch[]): boolean {
  if (gapBetween(palette[0]!, palette[1]!) < ANOTHER) return false;
  const nearest = nearestColours(cells, palette);
  const { width, height, data } = coverage;
  const second = {
    width,
    height,
    data: data.map((covered, cell) => (covered > 0.5 && nearest[cell] === 1 ? 1 : 0)),
  };
  if (meanWidth(second) < LINE) return false;
  const { data: inner } = blur(
    { width, height, data: Float32Array.from(insideOf(coverage)) },
    1,
    1,
  );
  let [rim, own] = [0, 0];
  data.forEach((covered, cell) => {
    if (covered <= 0.5 || inner[cell]! > 0.99) return;
    rim++;
    own += second.data[cell]!;
  });
  return own > rim * BESIDE;
}

/** Beside its axis a turned body changes its colour from row to row, a face or a figure within a row too. */
const BROKEN = 0.75;
/** So far from the axis the rim's shading does not count, and so large is a colour step (CIE76). */
const BODY = 0.85;
const STEP = 14;

async function isBanded({ picture }: Sight, { crop, coverage }: Cutout): Promise<boolean> {
  const { width, height } = coverage;
  const lab = toLab(await resample(picture, crop, width, height));
  const { axis, top, radius } = profileOf(coverage);
  let [rows, broken] = [0, 0];
  radius.forEach((r, k) => {
    const reach = r * BODY;
    if (reach < 4) return;
    rows++;
    for (let x = Math.ceil(axis - reach); x < axis + reach - 2; x++) {
      const at = ((top + k) * width + x) * 3;
      const step = Math.hypot(...[0, 1, 2].map((c) => lab[at + c]! - lab[at + 6 + c]!));
      if (step <= STEP) continue;
      broken++;
      return;
    }
  });
  return broken < rows * BROKEN;
}

/** Specks are no parts: what a JPEG leaves around letters. */
const SPECK = 0.002;

function countParts({ coverage }: Cutout): number {
  const { size } = partsOf(coverage);
  const largest = size.reduce((most, one) => Math.max(most, one), 0);
  return size.filter((one, name) => name > 0 && one >= Math.max(2, largest * SPECK)).length;
}
