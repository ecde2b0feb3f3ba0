import { paintWhole } from "../paint/texture.ts";
import type { Params } from "../params.ts";
import { gridOf } from "../picture/cutout.ts";
import { lightnessOf } from "../picture/lightness.ts";
import { spreadOver } from "../picture/masked.ts";
import { refuse, resample, wholeOf } from "../picture/picture.ts";
import { blur, field, type Field } from "../picture/raster.ts";
import { smoothNormals, type Mesh } from "../surface/mesh.ts";
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

/** Brightness as height over a slab with a flat, plain back; what stands out is before what is behind it. */
export const makeRelief: Method = async (sight, params) => {
  const { picture } = sight;
  const whole = wholeOf(picture);
  const { width, height } = gridOf(whole, params.grid);
  const jpeg = paintWhole(picture, params.texture);
  const lightness = lightnessOf(await resample(picture, whole, width, height));
  const depth = await sight.depth?.();
  if (depth !== undefined && "why" in depth) {
    return refuse(`There is no depth for the relief: ${depth.why}. ${ADVICE}`);
  }
  const form = depth && withDepth(lightness, spreadOver(depth, picture, whole, width, height));
  const front = form || params.invert ? undefined : await frontOf(sight, lightness);
  const mesh = relief(form ?? withoutLamp(lightness), params, front);
  return {
    bodies: [{ name: "relief", mesh, paint: { jpeg }, error: params.error }],
    notes: { foreground: front !== undefined, ...(depth !== undefined && { depth: true }) },
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
  { width, height }: Field,
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

/**
 * Raises brightness over a slab with a flat back.
 *
 * @param lightness 0..1 on a grid of square cells
 * @param front how far each cell is in front, 0..1; undefined where that is not known
 * @returns a closed mesh in cells, the slab's upper face at z = 0
 */
export function relief(
  lightness: Field,
  { height, base, invert }: Pick<Params, "height" | "base" | "invert">,
  front?: Field,
): Mesh {
  const side = Math.max(lightness.width, lightness.height);
  const level = lowerFine(levels(lightness));
  const depths = Float32Array.from(level.data, (value, cell) => {
    const tone = invert ? 1 - value : value;
    const ahead = front?.data[cell];
    const depth =
      ahead === undefined ? tone : tone * BEHIND + ahead * (FRONT + tone * (1 - FRONT - BEHIND));
    return depth * rise(cell, lightness);
  });
  const highest = Math.max(
    FLAT,
    depths.reduce((most, depth) => Math.max(most, depth), 0),
  );
  const surface = depths.map((depth) => (depth / highest) * height * side);
  const { positions, indices, back } = slabOf({ ...lightness, data: surface }, base * side);
  const uvs = new Float32Array((positions.length / 3) * 2);
  for (let p = 0, o = 0; p < positions.length; p += 3, o += 2) {
    // A picture on the back would be mirrored: it gets the colour of the corner.
    if (o < back * 2) {
      uvs[o] = positions[p]! / (lightness.width - 1);
      uvs[o + 1] = positions[p + 1]! / (lightness.height - 1);
    }
    positions[p + 1] = -positions[p + 1]!;
  }
  return { positions, normals: smoothNormals(positions, indices), uvs, indices };
}

/** Takes out most of the light that only changes from one end of the picture to the other: a plane by least squares. */
function withoutLamp(lightness: Field): Field {
  const { width, height, data } = lightness;
  let [mean, slopeX, slopeY, spreadX, spreadY] = [0, 0, 0, 0, 0];
  const at = (cell: number): [number, number] => [
    (cell % width) / (width - 1) - 0.5,
    Math.floor(cell / width) / (height - 1) - 0.5,
  ];
  data.forEach((value) => (mean += value / data.length));
  data.forEach((value, cell) => {
    const [x, y] = at(cell);
    slopeX += x * (value - mean);
    slopeY += y * (value - mean);
    spreadX += x * x;
    spreadY += y * y;
  });
  return {
    ...lightness,
    data: data.map((value, cell) => {
      const [x, y] = at(cell);
      return value - LAMP * ((slopeX / spreadX) * x + (slopeY / spreadY) * y);
    }),
  };
}

/** Brightness without noise, stretched so that all but the darkest and brightest 2 % fill 0..1. */
function levels(lightness: Field): Field {
  const side = Math.max(lightness.width, lightness.height);
  const form = blur(keepEdges(lightness, Math.max(1, Math.round(side / 100))), 1, 1);
  const broad = blur(lightness, Math.max(1, Math.round(side / 24)), 2);
  const mixed = form.data.map((value, i) => value * (1 - BROAD) + broad.data[i]! * BROAD);
  const sorted = mixed.toSorted();
  const low = quantile(sorted, 0.02);
  const high = quantile(sorted, 0.98);
  const scale = 1 / Math.max(FLAT, high - low);
  return {
    ...lightness,
    data: mixed.map((value) => Math.max(0, Math.min(1, (value - low) * scale))),
  };
}

/** How high fine structure may stand, and how much of it is left where it is low. */
const FINE_LIMIT = 0.3;
const FINE_GAIN = 0.6;

/** Keeps broad forms and lowers what is narrow: a thin wall of full height is neither seen nor printed well. */
function lowerFine(level: Field): Field {
  const side = Math.max(level.width, level.height);
  const broad = blur(level, Math.max(1, Math.round(side / 32)), 2);
  const data = level.data.map((value, i) => {
    const base = broad.data[i]!;
    return base + FINE_LIMIT * Math.tanh((FINE_GAIN / FINE_LIMIT) * (value - base));
  });
  return { ...level, data };
}

/** The guided filter of He, Sun and Tang (ECCV 2010) with the picture as its own guide: smooth areas, sharp steps. */
function keepEdges(source: Field, radius: number): Field {
  const noise = 0.004;
  const mean = blur(source, radius, 1);
  const squares = blur({ ...source, data: source.data.map((v) => v * v) }, radius, 1);
  const slope = mean.data.map((m, i) => {
    const variance = Math.max(0, squares.data[i]! - m * m);
    return variance / (variance + noise);
  });
  const a = blur({ ...source, data: slope }, radius, 1);
  const b = blur({ ...source, data: mean.data.map((m, i) => m * (1 - slope[i]!)) }, radius, 1);
  return { ...source, data: source.data.map((v, i) => a.data[i]! * v + b.data[i]!) };
}

function quantile(sorted: Float32Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

/** 0 on the rim, 1 inside, smooth between. */
function rise(cell: number, { width, height }: Field): number {
  const x = cell % width;
  const y = Math.floor(cell / width);
  const side = Math.max(width, height);
  const inward = Math.min(x, y, width - 1 - x, height - 1 - y) / side;
  const t = Math.max(
    0,
    Math.min(1, (inward - RIM) / Math.min(SLOPE, (0.25 * Math.min(width, height)) / side)),
  );
  return t * t * (3 - 2 * t);
}
