import { areas, blur, field, type Field } from "../raster.ts";
import type { Backdrop } from "./backdrop.ts";
import { gap, looksOf, median, type View } from "./view.ts";

/** Steps of brightness under this are noise, 0..1. */
const STEP = 0.06;
/** A step that a slight blur lowers so much was sharp; one that was blurred already hardly changes. */
const SHARP = 1.3;

/**
 * For each cell of a small picture the share of it where there is a sharp edge: found, as by Zhuo and Sim (2011), by
 * blurring once more.
 */
export function sharpEdges(
  lightness: Field,
  to: { readonly width: number; readonly height: number },
): Field {
  const { width, height, data } = lightness;
  const soft = blur(lightness, 1, 1).data;
  const edges = field(to.width, to.height);
  const share = (to.width * to.height) / (width * height);
  for (let y = 1; y < height - 1; y++) {
    const row = Math.floor((y * to.height) / height) * to.width;
    for (let x = 1; x < width - 1; x++) {
      const cell = y * width + x;
      const u = data[cell + 1]! - data[cell - 1]!;
      const v = data[cell + width]! - data[cell - width]!;
      const steep = u * u + v * v;
      if (steep < STEP * STEP) continue;
      const p = soft[cell + 1]! - soft[cell - 1]!;
      const q = soft[cell + width]! - soft[cell - width]!;
      if (steep <= SHARP * SHARP * (p * p + q * q)) continue;
      edges.data[row + Math.floor((x * to.width) / width)]! += share;
    }
  }
  return edges;
}

/** From this share of sharp edges around a cell on it is in focus, as a first guess. */
const IN_FOCUS = 0.12;
/** How far around a cell edges are looked for. */
const AROUND = 2;
/** How much edges and colours may say: units of -log of a density. */
const EDGES = { for: 4, against: 2, scale: 25 };
const COLOUR = 5;
/** How much edges count in each round: at first they find the thing, then its colours find its outline. */
const ROUNDS = [1, 0.5];
/** Beside the largest part a smaller one is a trifle. */
const TRIFLE = 0.04;

/** 1 where the picture is in focus, before what is not; undefined where that is not clear. */
export function focusOf(
  view: View,
  edges: Field,
  backdrop: Backdrop | undefined,
): Uint8Array | undefined {
  const { width, height } = view;
  const density = blur(edges, AROUND, 2).data;
  const guess = new Uint8Array(width * height);
  let count = 0;
  for (let cell = 0; cell < guess.length; cell++) {
    if (backdrop?.inside[cell] === 1 || density[cell]! <= IN_FOCUS) continue;
    guess[cell] = 1;
    count++;
  }
  if (count < CLEAR.least * guess.length || count > CLEAR.most * guess.length) return undefined;
  let inside: Uint8Array | undefined = guess;
  for (const edges of ROUNDS) {
    inside = parted(view, inside, density, edges, backdrop);
    if (inside === undefined) return undefined;
  }
  return isClear(view, inside, density, backdrop) ? inside : undefined;
}

/** One round of telling apart by the colours of a guess and by sharp edges, as in GrabCut. */
function parted(
  view: View,
  guess: Uint8Array,
  density: Float32Array,
  edges: number,
  backdrop: Backdrop | undefined,
): Uint8Array | undefined {
  const { lab } = view;
  const [object, ground] = [looksOf(view, guess, 1, 5), looksOf(view, guess, 0, 5)];
  if (object === undefined || ground === undefined) return undefined;
  const pull = new Float32Array(guess.length);
  for (let cell = 0; cell < pull.length; cell++) {
    const colour = ground.cost(lab, cell * 3) - object.cost(lab, cell * 3);
    const edge = (density[cell]! - IN_FOCUS) * EDGES.scale;
    pull[cell] =
      backdrop?.inside[cell] === 1
        ? -COLOUR
        : Math.max(-COLOUR, Math.min(COLOUR, colour)) +
          edges * Math.max(-EDGES.against, Math.min(EDGES.for, edge));
  }
  return withoutTrifles(view.smoothed(pull), view.width);
}

function withoutTrifles(pull: Float32Array, width: number): Uint8Array {
  const mask = new Uint8Array(pull.length);
  for (let cell = 0; cell < pull.length; cell++) mask[cell] = pull[cell]! > 0 ? 1 : 0;
  const { label, size } = areas(mask, width);
  const largest = size.reduce((most, one) => Math.max(most, one), 0);
  for (let cell = 0; cell < mask.length; cell++) {
    if (mask[cell] === 1 && size[label[cell]!]! < largest * TRIFLE) mask[cell] = 0;
  }
  return mask;
}

/** What a thing in focus must be, found on photographs: shares of the picture without its backdrop. */
const CLEAR = {
  least: 0.03,
  most: 0.7,
  /** Of its cells with a sharp edge, and how many times more than behind it. */
  sharp: 0.22,
  sharper: 3,
  /** Of all in focus: its largest part. */
  whole: 0.6,
  /** Of the picture's frame. */
  frame: 0.6,
  /** The step of colour along its outline (CIE76). */
  edge: 3,
};

function isClear(
  { width, height, lab }: View,
  inside: Uint8Array,
  density: Float32Array,
  backdrop: Backdrop | undefined,
): boolean {
  const [sharp, counts] = [
    [0, 0],
    [0, 0],
  ];
  const outline: number[] = [];
  let [frame, atFrame] = [0, 0];
  for (let cell = 0; cell < inside.length; cell++) {
    const is = inside[cell]!;
    if (cell >= width && is !== inside[cell - width]) outline.push(gap(lab, cell, cell - width));
    if (cell % width > 0 && is !== inside[cell - 1]) outline.push(gap(lab, cell, cell - 1));
    if (backdrop?.inside[cell] === 1) continue;
    sharp[is]! += density[cell]!;
    counts[is]!++;
    const x = cell % width;
    const y = Math.floor(cell / width);
    if (x > 0 && y > 0 && x < width - 1 && y < height - 1) continue;
    frame++;
    atFrame += is;
  }
  const [without, within] = counts as [number, number];
  if (within === 0 || without === 0) return false;
  const [behind, ahead] = [sharp[0]! / without, sharp[1]! / within];
  const share = within / (within + without);
  const largest = areas(inside, width).size.reduce((most, size) => Math.max(most, size), 0);
  return (
    ahead > CLEAR.sharp &&
    ahead > CLEAR.sharper * behind &&
    share > CLEAR.least &&
    share < 1 - CLEAR.least &&
    largest > CLEAR.whole * within &&
    atFrame < CLEAR.frame * frame &&
    median(outline) > CLEAR.edge
  );
}
