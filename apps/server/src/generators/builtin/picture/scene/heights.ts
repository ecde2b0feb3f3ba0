import { blur, type Field } from "../raster.ts";

/** How far around a place its usual tone is taken from, in longest sides. */
const AROUND = 0.1;

/** How much of the height the order of what is in front decides; the rest is each thing's own light and dark. */
const LAYERS = 0.66;
const DETAIL = 0.28;
/** What is under this nearness shows less and less of its own detail, a backdrop's clouds only a trace. */
const FAR = 0.3;
const TRACE = 0.15;

/**
 * Heights from tones where it is known what is near: light and dark shape each thing, not their order, as in a bas-relief.
 *
 * @param tones 0..1
 * @param near 0..1 on the same cells
 */
export function layered(tones: Field, near: Field): Field {
  const { width, height, data } = tones;
  const radius = radiusOf(tones);
  const smooth = (values: Float32Array): Float32Array =>
    blur({ width, height, data: values }, radius, 1).data;
  const [ahead, tonesAhead] = [new Float32Array(data.length), new Float32Array(data.length)];
  for (let cell = 0; cell < data.length; cell++) {
    ahead[cell] = Math.min(1, near.data[cell]! / FAR);
    tonesAhead[cell] = data[cell]! * ahead[cell]!;
  }
  // The usual tone of what is ahead and of what is behind apart, or an edge between them would be a ridge.
  const [share, sum, all] = [smooth(ahead), smooth(tonesAhead), smooth(data)];
  const heights = new Float32Array(data.length);
  for (let cell = 0; cell < heights.length; cell++) {
    const front = ahead[cell]!;
    const usual =
      (front * sum[cell]!) / Math.max(1e-3, share[cell]!) +
      ((1 - front) * (all[cell]! - sum[cell]!)) / Math.max(1e-3, 1 - share[cell]!);
    const own = Math.tanh(1.6 * (data[cell]! - usual)) * (TRACE + (1 - TRACE) * front);
    heights[cell] = Math.max(
      0,
      LAYERS * near.data[cell]! + (1 - LAYERS) * (0.3 + 0.2 * front) + DETAIL * own,
    );
  }
  return { width, height, data: heights };
}

/** How far the darkest ground lies above the slab, so that a hollow in it is one. */
const DEPTH = 0.25;
/** How much of a broad tone, of what is lighter and of what is darker than it is left. */
const BROAD = 0.5;
const [LIGHTER, DARKER] = [0.35, 0.25];

/** Heights from tones alone: large steps are lowered, and hollows more, or an eye would be a hole. */
export function balanced(tones: Field): Field {
  const usual = blur(tones, radiusOf(tones), 1).data;
  const heights = new Float32Array(usual.length);
  // A picture of one colour has no tone, and stays a plain slab.
  const ground = DEPTH * tones.data.reduce((most, tone) => Math.max(most, tone), 0);
  for (let cell = 0; cell < heights.length; cell++) {
    const own = tones.data[cell]! - usual[cell]!;
    heights[cell] = Math.max(
      0,
      ground +
        BROAD * usual[cell]! +
        (own < 0 ? DARKER * Math.tanh(1.5 * own) : LIGHTER * Math.tanh(2.2 * own)),
    );
  }
  return { ...tones, data: heights };
}

function radiusOf({ width, height }: Field): number {
  return Math.max(1, Math.round(Math.max(width, height) * AROUND));
}
