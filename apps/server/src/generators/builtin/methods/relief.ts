import { paintWhole } from "../paint/texture.ts";
import type { Params } from "../params.ts";
import { gridOf } from "../picture/cutout.ts";
import { lightnessOf } from "../picture/lightness.ts";
import { spreadOver } from "../picture/masked.ts";
import { refuse, resample, wholeOf } from "../picture/picture.ts";
import { blur, field, type Field } from "../picture/raster.ts";
import { balanced, layered } from "../picture/scene/heights.ts";
import { sceneOf } from "../picture/scene/index.ts";
import { divideError } from "../surface/coarsen.ts";
import type { Mesh } from "../surface/mesh.ts";
import { slabOf } from "../surface/slab.ts";
import type { Method, Sight } from "./method.ts";

/** Brightness range below which a picture counts as flat, so that its noise is not stretched into hills. */
const FLAT = 0.06;
/** The share of the broad light and dark in the height; the rest is form with kept edges. */
const BROAD = 0.4;
/** A flat rim and the slope up from it, in longest sides. */
const RIM = 0.008;
const SLOPE = 0.045;

/** How much of the light that changes over the whole picture is taken away: it is a lamp's, not the thing's. */
const LAMP = 0.75;
/** How much lower what is behind lies, and where what is in front begins, of the whole height. */
const BEHIND = 0.3;
const FRONT = 0.45;

/** The picture as heights over a slab with a flat, plain back: what is near is before what is behind it. */
export const makeRelief: Method = async (sight, params) => {
  const { picture } = sight;
  const whole = wholeOf(picture);
  const { width, height } = gridOf(whole, params.grid);
  // sharp's threads resample and paint while this one computes.
  const cells = resample(picture, whole, width, height);
  const jpeg = paintWhole(picture, params.texture);
  const front = sight.depth || params.invert ? undefined : frontOf(sight, { width, height });
  const lightness = lightnessOf(await cells);
  const depth = await sight.depth?.();
  if (depth !== undefined && "why" in depth) {
    return refuse(`There is no depth for the relief: ${depth.why}. ${ADVICE}`);
  }
  const form =
    depth === undefined
      ? withoutLamp(lightness)
      : withDepth(lightness, spreadOver(depth, picture, whole, width, height));
  const tones = lowerFine(levels(form));
  const ahead = await front;
  // A known outline and a model tell more than the picture's cues.
  const bySight = params.order === "scene" && !params.invert && depth === undefined;
  const scene = bySight && ahead === undefined ? sceneOf(await cells, lightness) : undefined;
  const { tolerance, left } = divideError(params.error, Math.max(width, height), "rough");
  const level = scene ? layered(tones, scene.near) : bySight ? balanced(tones) : tones;
  return {
    bodies: [
      {
        name: "relief",
        mesh: relief(level, { ...params, tolerance }, ahead),
        paint: { jpeg },
        error: left,
      },
    ],
    restsOn: "back",
    notes: {
      foreground: ahead !== undefined,
      ...(scene && { cues: scene.cues }),
      ...(depth !== undefined && { depth: true }),
    },
  };
};

/** How much of a relief's height a model's depth decides; the rest is light and dark, for fine detail. */
const DEPTH = 0.85;
const ADVICE = "Mend the model, or start the server without --depth-model.";

function withDepth(lightness: Field, depth: Field): Field {
  return {
    ...lightness,
    data: lightness.data.map((value, i) => DEPTH * depth.data[i]! + (1 - DEPTH) * value),
  };
}

/** How far each cell is in front, 0..1, if the picture's outline is known well. */
async function frontOf(
  { picture, foreground }: Sight,
  { width, height }: { readonly width: number; readonly height: number },
): Promise<Field | undefined> {
  const finding = await foreground("quick");
  if (!finding.found || finding.doubt !== undefined) return undefined;
  const { crop, coverage, lost } = await finding.cutOut(Math.max(width, height));
  if (lost !== undefined) return undefined;
  const front = field(width, height);
  for (let y = 0; y < height; y++) {
    const v = (((y + 0.5) / height) * picture.height - crop.top) / (crop.bottom - crop.top);
    const row = Math.floor(v * coverage.height);
    if (row < 0 || row >= coverage.height) continue;
    for (let x = 0; x < width; x++) {
      const u = (((x + 0.5) / width) * picture.width - crop.left) / (crop.right - crop.left);
      const column = Math.floor(u * coverage.width);
      if (column < 0 || column >= coverage.width) continue;
      front.data[y * width + x] = coverage.data[row * coverage.width + column]!;
    }
  }
  return blur(front, 1, 2);
}

interface Raising extends Pick<Params, "height" | "base" | "invert"> {
  /** How far the surface may be off any height, in cells; below zero it holds all of them. */
  readonly tolerance: number;
}

/**
 * Raises levels over a slab with a flat back.
 *
 * @param level 0..1 on a grid of square cells
 * @param front how far each cell is in front, 0..1; undefined where that is not known
 * @returns a closed mesh in cells, the slab's upper face at z = 0
 */
function relief(level: Field, { height, base, invert, tolerance }: Raising, front?: Field): Mesh {
  const side = Math.max(level.width, level.height);
  const depths = new Float32Array(level.data.length);
  let highest = FLAT;
  for (let y = 0, cell = 0; y < level.height; y++) {
    for (let x = 0; x < level.width; x++, cell++) {
      const tone = invert ? 1 - level.data[cell]! : level.data[cell]!;
      const ahead = front?.data[cell];
      const depth =
        ahead === undefined ? tone : tone * BEHIND + ahead * (FRONT + tone * (1 - FRONT - BEHIND));
      depths[cell] = depth * rise(x, y, level);
      highest = Math.max(highest, depths[cell]!);
    }
  }
  const scale = (height * side) / highest;
  for (let cell = 0; cell < depths.length; cell++) depths[cell]! *= scale;
  const { back, ...slab } = slabOf({ ...level, data: depths }, { base: base * side, tolerance });
  const { positions } = slab;
  const uvs = new Float32Array((positions.length / 3) * 2);
  for (let p = 0, o = 0; p < positions.length; p += 3, o += 2) {
    // A picture on the back would be mirrored: it gets the colour of the corner.
    if (o < back * 2) {
      uvs[o] = positions[p]! / (level.width - 1);
      uvs[o + 1] = -positions[p + 1]! / (level.height - 1);
    }
  }
  return { ...slab, uvs };
}

/** Takes out most of the light that only changes from one end of the picture to the other: a plane by least squares. */
function withoutLamp(lightness: Field): Field {
  const { width, height } = lightness;
  const total = lightness.data.reduce((sum, value) => sum + value, 0);
  const mean = total / lightness.data.length;
  let [slopeX, slopeY, spreadX, spreadY] = [0, 0, 0, 0];
  for (let y = 0, cell = 0; y < height; y++) {
    const v = y / (height - 1) - 0.5;
    for (let x = 0; x < width; x++, cell++) {
      const u = x / (width - 1) - 0.5;
      const value = lightness.data[cell]! - mean;
      slopeX += u * value;
      slopeY += v * value;
      spreadX += u * u;
      spreadY += v * v;
    }
  }
  const [alongX, alongY] = [(LAMP * slopeX) / spreadX, (LAMP * slopeY) / spreadY];
  const even = field(width, height);
  for (let y = 0, cell = 0; y < height; y++) {
    const v = y / (height - 1) - 0.5;
    for (let x = 0; x < width; x++, cell++) {
      const u = x / (width - 1) - 0.5;
      even.data[cell] = lightness.data[cell]! - alongX * u - alongY * v;
    }
  }
  return even;
}

/** Brightness without noise, stretched so that all but the darkest and brightest 2 % fill 0..1. */
function levels(lightness: Field): Field {
  const side = Math.max(lightness.width, lightness.height);
  const form = blur(keepEdges(lightness, Math.max(1, Math.round(side / 100))), 1, 1);
  const broad = blur(lightness, Math.max(1, Math.round(side / 24)), 2);
  const mixed = form.data;
  for (let i = 0; i < mixed.length; i++) {
    mixed[i] = mixed[i]! * (1 - BROAD) + broad.data[i]! * BROAD;
  }
  const sorted = mixed.toSorted();
  const low = quantile(sorted, 0.02);
  const high = quantile(sorted, 0.98);
  const scale = 1 / Math.max(FLAT, high - low);
  for (let i = 0; i < mixed.length; i++) {
    mixed[i] = Math.max(0, Math.min(1, (mixed[i]! - low) * scale));
  }
  return form;
}

/** How high fine structure may stand, and how much of it is left where it is low. */
const FINE_LIMIT = 0.3;
const FINE_GAIN = 0.6;

/** Keeps broad forms and lowers what is narrow: a thin wall of full height is neither seen nor printed well. */
function lowerFine(level: Field): Field {
  const side = Math.max(level.width, level.height);
  const lowered = blur(level, Math.max(1, Math.round(side / 32)), 2);
  const { data } = lowered;
  for (let i = 0; i < data.length; i++) {
    const fine = (level.data[i]! - data[i]!) * (FINE_GAIN / FINE_LIMIT);
    data[i] = data[i]! + FINE_LIMIT * Math.tanh(fine);
  }
  return lowered;
}

/** The guided filter of He, Sun and Tang (ECCV 2010) with the picture as its own guide: smooth areas, sharp steps. */
function keepEdges(source: Field, radius: number): Field {
  const noise = 0.004;
  const mean = blur(source, radius, 1);
  const squares = blur({ ...source, data: source.data.map((v) => v * v) }, radius, 1);
  const slope = field(source.width, source.height);
  const offset = field(source.width, source.height);
  for (let i = 0; i < slope.data.length; i++) {
    const m = mean.data[i]!;
    const variance = Math.max(0, squares.data[i]! - m * m);
    const share = variance / (variance + noise);
    slope.data[i] = share;
    offset.data[i] = m * (1 - share);
  }
  const a = blur(slope, radius, 1);
  const b = blur(offset, radius, 1);
  for (let i = 0; i < a.data.length; i++) a.data[i] = a.data[i]! * source.data[i]! + b.data[i]!;
  return a;
}

function quantile(sorted: Float32Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

/** 0 on the rim, 1 inside, smooth between. */
function rise(x: number, y: number, { width, height }: Field): number {
  const side = Math.max(width, height);
  const inward = Math.min(x, y, width - 1 - x, height - 1 - y) / side;
  const slope = Math.min(SLOPE, (0.25 * Math.min(width, height)) / side);
  const t = Math.max(0, Math.min(1, (inward - RIM) / slope));
  return t * t * (3 - 2 * t);
}
