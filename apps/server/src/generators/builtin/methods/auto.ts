import { MANY_PARTS, MOST_PARTS } from "../picture/border.ts";
import type { Cutout } from "../picture/cutout.ts";
import { flatShare, paletteOf, shareOfColour } from "../picture/palette.ts";
import { resample } from "../picture/picture.ts";
import { areas } from "../picture/raster.ts";
import type { Params } from "../params.ts";
import type { MethodName } from "./index.ts";
import { roundness } from "./lathe/axis.ts";
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

/** This share of a logo or of text has one colour. */
const ONE_COLOUR = 0.9;
/** This share of flat artwork has no shading. */
const FLAT = 0.75;
const GRID = 256;

/** Auto cuts out only what it is sure of: a relief of an object disappoints less than a shredded photograph. */
export async function choose(sight: Sight): Promise<Choice> {
  const finding = await sight.foreground();
  if (!finding.found) return relief(finding.because);
  if (finding.doubt !== undefined && finding.doubt !== MANY_PARTS) return relief(finding.doubt);
  const cutout = await finding.cutOut(GRID);
  if (cutout.lost !== undefined) return relief(cutout.lost);
  const flat = await isFlatArtwork(sight, cutout);
  if (flat) {
    return {
      method: "extrude",
      because: "it is flat artwork of one colour, like a logo or text",
      instead: ["inflate"],
      // The modules of a code and the letters of a page belong together.
      ...(partsOf(cutout) > MOST_PARTS && { params: { plate: "rectangle" } }),
    };
  }
  if (finding.doubt !== undefined || partsOf(cutout) > MOST_PARTS) return relief(MANY_PARTS);
  const round = roundness(cutout.coverage);
  if (round.isRound) {
    return { method: "lathe", because: round.because, instead: ["inflate"] };
  }
  return { method: "inflate", because: finding.because, instead: ["extrude"] };
}

function relief(because: string): Choice {
  return { method: "relief", because, instead: ["lithophane"] };
}

async function isFlatArtwork({ picture }: Sight, { crop, coverage }: Cutout): Promise<boolean> {
  const cells = await resample(picture, crop, coverage.width, coverage.height);
  const [first] = paletteOf(cells, coverage, 1);
  if (first === undefined || shareOfColour(cells, coverage, first) < ONE_COLOUR) return false;
  return flatShare(cells, coverage) > FLAT;
}

function partsOf({ coverage: { width, height, data } }: Cutout): number {
  const inside = Uint8Array.from(data, (covered) => (covered > 0.5 ? 1 : 0));
  return areas(inside, width, height).size.length - 1;
}
