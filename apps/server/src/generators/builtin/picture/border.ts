import { bandOf, fitBackground, paintBackground, type Background } from "./background.ts";
import { cornerBackground, cornerCells } from "./corners.ts";
import { toLab } from "./lab.ts";
import { matte } from "./matte.ts";
import { limitsBeside, type Limits } from "./noise.ts";
import { areas, type Areas, type Field, type Picture, type Rect } from "./raster.ts";

/** What a first look at the whole picture, a hundred or so cells wide, found. */
export interface BorderLook {
  readonly background: Background;
  /** The colour distance up to which a pixel passes for background. */
  readonly threshold: number;
  /** 1 where the foreground is. */
  readonly foreground: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** The foreground's rectangle in cells, or undefined if there is none. */
  readonly bounds: Rect | undefined;
  /** The share of the picture that the foreground covers, 0..1. */
  readonly share: number;
  /** The foreground's mean distance from the background. */
  readonly contrast: number;
  /** Why the foreground is not to be trusted, or undefined. */
  readonly doubt: string | undefined;
}

/** Brightness counts less than hue: light falls off, paint does not. */
const LIGHTNESS = 0.6;
/** A hole is background seen through the object: at least this share of the object. */
const HOLE = 0.003;
/** And so near to the background, of what passes for it. */
const DEEP = 0.4;
/** A part smaller than this share of the largest is a speck. */
const SPECK = 0.002;
/** A part up to this share of the largest is one too where it is pale: ringing of a JPEG, a watermark. */
const PALE_SPECK = 0.03;
/** How pale, of the foreground's mean distance from the background. */
const PALE = 0.4;

/**
 * Looks for an object in front of an even border; where there is none, or it would hold the picture's corners, in front
 * of the colour that all four corners have: a badge or a ball that reaches the edges. `picture` is the whole picture,
 * made small.
 */
export function lookAtBorder(picture: Picture): BorderLook {
  const { width, height } = picture;
  const lab = toLab(picture);
  const seen = lookBefore(picture, lab, fitBackground(lab, width, height));
  const { doubt } = seen.look;
  if ((doubt === undefined || !UNEVEN.includes(doubt)) && !holdsCorners(seen)) return seen.look;
  const background = cornerBackground(lab, width, height);
  const again = background && lookBefore(picture, lab, background);
  return again !== undefined && fillsFrame(again)
    ? { ...again.look, doubt: again.facts.share > FULL ? FILLS : undefined }
    : seen.look;
}

interface Seen {
  readonly look: BorderLook;
  readonly facts: Evidence;
}

function lookBefore(picture: Picture, lab: Float32Array, background: Background): Seen {
  const { width, height } = picture;
  const threshold = Math.min(14, Math.max(5, 3 + 3 * background.spread));
  const whole = { left: 0, top: 0, right: width, bottom: height };
  const scene = compare(lab, background, picture, whole, width, height);
  const band = bandOf(width, height);
  const seeds = new Uint8Array(width * height);
  for (const cell of band) seeds[cell] = 1;
  const limits: Limits = new Float32Array(width * height).fill(threshold);
  const foreground = spread(scene, seeds, limits);
  const inBand = band.reduce((sum, cell) => sum + foreground[cell]!, 0) / band.length;
  const parts = dropSpecksAndHoles(foreground, scene, limits);
  const bounds = boundsOf(foreground, width, height);
  const area = foreground.reduce((sum, cell) => sum + cell, 0);
  const far = foreground.reduce((sum, cell, i) => sum + cell * scene.distance[i]!, 0);
  const share = area / foreground.length;
  const contrast = far / Math.max(1, area);
  const edge = edgeStep(scene, foreground);
  const facts = { inBand, parts, share, contrast, edge, spread: background.spread };
  const doubt = DOUBTS.find(({ holds }) => holds(facts))?.says;
  const look = { background, threshold, foreground, width, height, bounds, share, contrast, doubt };
  return { look, facts };
}

/** Corners are background if anything is. */
function holdsCorners({ look: { foreground, width, height } }: Seen): boolean {
  const held = cornerCells(width, height).filter(
    (cells) => cells.filter((cell) => foreground[cell] === 1).length * 2 > cells.length,
  );
  return held.length > 2;
}

/** The least colour step across the outline of what reaches the edges, and its least share of the picture. */
const CRISP = 12;
const LARGE = 0.4;
/** What reaches so far that it may be a photograph with round corners. */
const FULL = 0.9;

/** Whether a crisp thing in one piece, or nearly, reaches from edge to edge. */
function fillsFrame({ look, facts: { share, contrast, edge, parts } }: Seen): boolean {
  const { bounds, width, height } = look;
  if (bounds === undefined || share < LARGE || parts > MOST_PARTS) return false;
  const reaches =
    bounds.right - bounds.left > width * 0.97 || bounds.bottom - bounds.top > height * 0.97;
  return reaches && contrast > CRISP && edge > CRISP;
}

/** How much of each cell the foreground covers, 0..1, on a finer grid over `crop` of the picture. */
export function borderCoverage(
  look: BorderLook,
  cut: Picture,
  crop: Rect,
  whole: { width: number; height: number },
): Field {
  const { width, height } = cut;
  const scene = compare(toLab(cut), look.background, whole, crop, width, height);
  const distances = { width, height, data: scene.distance };
  const seeds = seedsFrom(look, crop, whole, width, height);
  const even: Limits = new Float32Array(width * height).fill(look.threshold);
  const sure = spread(scene, seeds, even);
  const levels = { threshold: look.threshold, strong: look.contrast / 2 };
  const limits = limitsBeside(distances, sure, levels) ?? even;
  const foreground = limits === even ? sure : spread(scene, seeds, limits);
  dropSpecksAndHoles(foreground, scene, limits);
  return matte(distances, foreground);
}

/** A grid of colours and how far each is from the background expected there. */
interface Scene {
  readonly width: number;
  readonly height: number;
  readonly lab: Float32Array;
  /** Weighted colour distance from the background. */
  readonly distance: Float32Array;
  /** 1 where the colour is the background's, only darker: it may be a shadow. */
  readonly shade: Uint8Array;
}

const SHADE_CHROMA = 6;
const SHADE_DEPTH = 45;

function compare(
  lab: Float32Array,
  background: Background,
  whole: { width: number; height: number },
  crop: Rect,
  width: number,
  height: number,
): Scene {
  const expected = paintBackground(background, whole, crop, width, height);
  const distance = new Float32Array(width * height);
  const shade = new Uint8Array(width * height);
  for (let i = 0, o = 0; i < distance.length; i++, o += 3) {
    const dl = lab[o]! - expected[o]!;
    const da = lab[o + 1]! - expected[o + 1]!;
    const db = lab[o + 2]! - expected[o + 2]!;
    const chroma = da * da + db * db;
    distance[i] = Math.sqrt(LIGHTNESS * dl * dl + chroma);
    shade[i] = dl < 0 && dl > -SHADE_DEPTH && chroma < SHADE_CHROMA ** 2 ? 1 : 0;
  }
  return { width, height, lab, distance, shade };
}

/** Colour step between neighbouring cells up to which a shadow goes on; an object's edge steps further. */
const GENTLE = 1.6;

/** Lets the background flow from the seeds; what it does not reach is foreground. */
function spread(
  { width, height, lab, distance, shade }: Scene,
  seeds: Uint8Array,
  limits: Limits,
): Uint8Array {
  const foreground = new Uint8Array(width * height).fill(1);
  const stack = new Int32Array(width * height);
  let top = 0;
  for (let cell = 0; cell < seeds.length; cell++) {
    if (seeds[cell] === 0 || distance[cell]! >= limits[cell]!) continue;
    foreground[cell] = 0;
    stack[top++] = cell;
  }
  const step = (from: number, to: number): void => {
    if (foreground[to] === 0) return;
    if (distance[to]! >= limits[to]! && !(shade[to] === 1 && gap(lab, from, to) < GENTLE)) return;
    foreground[to] = 0;
    stack[top++] = to;
  };
  while (top > 0) {
    const cell = stack[--top]!;
    const x = cell % width;
    if (x > 0) step(cell, cell - 1);
    if (x < width - 1) step(cell, cell + 1);
    if (cell >= width) step(cell, cell - width);
    if (cell < width * (height - 1)) step(cell, cell + width);
  }
  return foreground;
}

function gap(lab: Float32Array, a: number, b: number): number {
  return Math.hypot(
    lab[a * 3]! - lab[b * 3]!,
    lab[a * 3 + 1]! - lab[b * 3 + 1]!,
    lab[a * 3 + 2]! - lab[b * 3 + 2]!,
  );
}

/** Takes specks out of the foreground and opens holes; returns how many parts are left. */
function dropSpecksAndHoles(
  foreground: Uint8Array,
  { width, distance }: Scene,
  limits: Limits,
): number {
  let area = 0;
  const alike = new Uint8Array(foreground.length);
  for (let i = 0; i < foreground.length; i++) {
    area += foreground[i]!;
    alike[i] = foreground[i] === 1 && distance[i]! < limits[i]! ? 1 : 0;
  }
  const holes = areas(alike, width);
  const depths = sumsOf(holes, distance);
  const allowed = sumsOf(holes, limits);
  const open = holes.size.map(
    (size, name) => name > 0 && size > area * HOLE && depths[name]! < allowed[name]! * DEEP,
  );
  takeOut(foreground, holes, open);
  const parts = areas(foreground, width);
  const largest = parts.size.reduce((most, size) => Math.max(most, size), 0);
  const least = Math.max(2, largest * SPECK);
  const contrast = sumsOf(parts, distance);
  const cells = parts.size.reduce((sum, size) => sum + size, 0);
  const usual = contrast.reduce((sum, value) => sum + value, 0) / Math.max(1, cells);
  const speck = parts.size.map(
    (size, name) =>
      size < least ||
      (size < largest * PALE_SPECK && contrast[name]! / Math.max(1, size) < usual * PALE),
  );
  takeOut(foreground, parts, speck);
  return speck.filter((is, name) => name > 0 && !is).length;
}

/** For each area the sum of what its cells hold; index 0 is unused. */
function sumsOf({ label, size }: Areas, values: Float32Array): Float64Array {
  const sums = new Float64Array(size.length);
  for (let i = 0; i < label.length; i++) if (label[i]! > 0) sums[label[i]!]! += values[i]!;
  return sums;
}

function takeOut(mask: Uint8Array, { label }: Areas, which: readonly boolean[]): void {
  for (let i = 0; i < label.length; i++) if (label[i]! > 0 && which[label[i]!]) mask[i] = 0;
}

function boundsOf(mask: Uint8Array, width: number, height: number): Rect | undefined {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let cell = 0; cell < mask.length; cell++) {
    if (mask[cell] === 0) continue;
    const x = cell % width;
    const y = (cell - x) / width;
    left = Math.min(left, x);
    right = Math.max(right, x + 1);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y + 1);
  }
  return right > left ? { left, top, right, bottom } : undefined;
}

/** What a first look tells of a foreground. */
interface Evidence {
  /** Share of the border band that is foreground. */
  readonly inBand: number;
  readonly parts: number;
  /** How uneven the background is. */
  readonly spread: number;
  readonly share: number;
  readonly contrast: number;
  /** The median colour step across the outline. */
  readonly edge: number;
}

/** The one doubt that flat artwork dispels: a page of text has many parts, and a QR code. */
export const MANY_PARTS = "the foreground falls into many parts";
/** Another one: flat artwork may fill a picture, as a badge does; a photograph with round corners is a relief. */
export const FILLS = "the foreground fills the picture to its edges";
/** So many parts are still one thing that a person would cut out. */
export const MOST_PARTS = 24;

/** Doubts of the border alone: the object may be found by other means. */
export const UNEVEN: readonly [string, string, string] = [
  "the border is uneven",
  "too much of the foreground runs off the edge",
  "the foreground fills the picture",
];

/** The tests that a photograph fails and a picture of one object passes, with the words for each. */
const DOUBTS: readonly {
  readonly says: string;
  readonly holds: (seen: Evidence) => boolean;
}[] = [
  { says: UNEVEN[0], holds: ({ spread }) => spread > 4.5 },
  { says: "nothing stands out from the border", holds: ({ share }) => share < 0.002 },
  { says: UNEVEN[1], holds: ({ inBand }) => inBand > 0.15 },
  { says: UNEVEN[2], holds: ({ share }) => share > 0.9 },
  { says: MANY_PARTS, holds: ({ parts }) => parts > MOST_PARTS },
  { says: "the foreground hardly differs from the border", holds: ({ contrast }) => contrast < 9 },
  {
    says: "the outline is blurred",
    holds: ({ contrast, edge }) => edge < Math.min(5, contrast * 0.3),
  },
];

/** The median colour step across the outline: small where the picture is blurred or the outline is no real one. */
function edgeStep({ width, lab }: Scene, foreground: Uint8Array): number {
  const found: number[] = [];
  for (let cell = 0; cell < foreground.length - width; cell++) {
    for (const next of [cell + 1, cell + width]) {
      if (foreground[cell] !== foreground[next]) found.push(gap(lab, cell, next));
    }
  }
  return found.toSorted((a, b) => a - b)[found.length >> 1] ?? 0;
}

/** Cells of the fine grid that lie well inside the background of the first look. */
function seedsFrom(
  look: BorderLook,
  crop: Rect,
  whole: { width: number; height: number },
  width: number,
  height: number,
): Uint8Array {
  const clear = new Uint8Array(look.foreground.length);
  for (let y = 0, cell = 0; y < look.height; y++) {
    for (let x = 0; x < look.width; x++, cell++) clear[cell] = isClear(look, x, y) ? 1 : 0;
  }
  const columns = Int32Array.from({ length: width }, (_, x) => {
    const u = (crop.left + ((x + 0.5) / width) * (crop.right - crop.left)) / whole.width;
    return Math.min(look.width - 1, Math.floor(u * look.width));
  });
  const seeds = new Uint8Array(width * height);
  for (let y = 0, cell = 0; y < height; y++) {
    const v = (crop.top + ((y + 0.5) / height) * (crop.bottom - crop.top)) / whole.height;
    const row = Math.min(look.height - 1, Math.floor(v * look.height)) * look.width;
    for (let x = 0; x < width; x++, cell++) seeds[cell] = clear[row + columns[x]!]!;
  }
  return seeds;
}

function isClear({ foreground, width, height }: BorderLook, x: number, y: number): boolean {
  for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
    for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
      if (foreground[v * width + u] === 1) return false;
    }
  }
  return true;
}
