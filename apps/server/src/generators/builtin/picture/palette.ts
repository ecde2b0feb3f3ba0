import { toLab } from "./lab.ts";
import { partsOf, type Field, type Picture } from "./raster.ts";

/** A colour of flat artwork: sRGB 0..255 each, and the share of the looked-at cells that have it. */
export interface Swatch {
  readonly colour: readonly [number, number, number];
  readonly share: number;
}

/** Colours nearer than this (CIE76) are one to a person who looks at a logo. */
const ALIKE = 12;

/**
 * The flat colours of the cells that `inside` covers wholly, most used first: bins of the colour cube, each taking
 * what lies near it. Cells on an edge between two colours count for neither.
 *
 * @param most how many colours at most
 */
export function paletteOf(cells: Picture, inside: Field, most: number): Swatch[] {
  const { width, height, data } = cells;
  const lab = toLab(cells);
  const flat: number[] = [];
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const cell = y * width + x;
      if (isFlat(cell, width, inside, lab)) flat.push(cell);
    }
  }
  const covered = inside.data.reduce((sum, value) => sum + (value > 0.5 ? 1 : 0), 0);
  const bins = new Map<number, number[]>();
  for (const cell of flat) {
    const o = cell * 4;
    const bin = ((data[o]! >> 4) << 8) | ((data[o + 1]! >> 4) << 4) | (data[o + 2]! >> 4);
    const members = bins.get(bin);
    if (members === undefined) bins.set(bin, [cell]);
    else members.push(cell);
  }
  let rest = flat;
  const found: Swatch[] = [];
  for (const members of [...bins.values()].toSorted((a, b) => b.length - a.length)) {
    if (found.length >= most || rest.length === 0) break;
    const middle = meanLab(lab, members);
    const near = rest.filter((cell) => gapTo(lab, cell, middle) < ALIKE);
    if (near.length < Math.max(4, covered * 0.005)) continue;
    rest = rest.filter((cell) => gapTo(lab, cell, middle) >= ALIKE);
    found.push({ colour: meanColour(data, near), share: near.length / Math.max(1, flat.length) });
  }
  return found.toSorted((a, b) => b.share - a.share);
}

/** How much of what is covered is flat: 1 for a drawing in plain colours, little for a photograph. */
export function flatShare(cells: Picture, inside: Field): number {
  const { width, height } = cells;
  const lab = toLab(cells);
  let covered = 0;
  let flat = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const cell = y * width + x;
      if (!isCovered(cell, width, inside)) continue;
      covered++;
      if (isFlat(cell, width, inside, lab)) flat++;
    }
  }
  return covered === 0 ? 0 : flat / covered;
}

/** The share of what is wholly covered, 0..1, whose colour is `colour` to a person who looks at a logo. */
export function shareOfColour(cells: Picture, inside: Field, { colour }: Swatch): number {
  const lab = toLab(cells);
  const target = [...toLab({ width: 1, height: 1, data: Uint8Array.from([...colour, 255]) })];
  let covered = 0;
  let alike = 0;
  for (let cell = cells.width; cell < inside.data.length - cells.width; cell++) {
    if (!isCovered(cell, cells.width, inside)) continue;
    covered++;
    if (gapTo(lab, cell, target) < ALIKE) alike++;
  }
  return covered === 0 ? 0 : alike / covered;
}

/** Lines mix with their ground along both sides: colours so far apart are still one. */
const NEAR = 18;

/**
 * The share of what is nearly covered, 0..1, whose colour is near the middle one of the part that it belongs to: 1 where
 * every part has one colour, whether they have the same one or not.
 */
export function shareOfMiddles(cells: Picture, inside: Field): number {
  const lab = toLab(cells);
  let [all, near] = [0, 0];
  for (const part of cellsOfParts(inside)) {
    const middle = [0, 1, 2].map(
      (k) => part.map((cell) => lab[cell * 3 + k]!).toSorted((a, b) => a - b)[part.length >> 1]!,
    );
    all += part.length;
    near += part.filter((cell) => gapTo(lab, cell, middle) < NEAR).length;
  }
  return all === 0 ? 0 : near / all;
}

/** The nearly covered cells of each part. */
function cellsOfParts(inside: Field): number[][] {
  const { label, size } = partsOf(inside);
  const parts: number[][] = size.map(() => []);
  inside.data.forEach((covered, cell) => covered > 0.9 && parts[label[cell]!]!.push(cell));
  return parts.filter((part) => part.length > 0);
}

/** Colour step between neighbours (CIE76) up to which a cell counts as flat. */
const EVEN = 4;

function isCovered(cell: number, width: number, { data }: Field): boolean {
  return (
    data[cell]! > COVERED &&
    data[cell - 1]! > COVERED &&
    data[cell + 1]! > COVERED &&
    data[cell - width]! > COVERED &&
    data[cell + width]! > COVERED
  );
}
const COVERED = 0.98;

function isFlat(cell: number, width: number, inside: Field, lab: Float32Array): boolean {
  return (
    isCovered(cell, width, inside) &&
    isEven(lab, cell, cell - 1) &&
    isEven(lab, cell, cell + 1) &&
    isEven(lab, cell, cell - width) &&
    isEven(lab, cell, cell + width)
  );
}

function isEven(lab: Float32Array, a: number, b: number): boolean {
  const l = lab[a * 3]! - lab[b * 3]!;
  const m = lab[a * 3 + 1]! - lab[b * 3 + 1]!;
  const n = lab[a * 3 + 2]! - lab[b * 3 + 2]!;
  return l * l + m * m + n * n < EVEN * EVEN;
}

function gapTo(lab: Float32Array, cell: number, target: readonly number[]): number {
  const l = lab[cell * 3]! - target[0]!;
  const a = lab[cell * 3 + 1]! - target[1]!;
  const b = lab[cell * 3 + 2]! - target[2]!;
  return Math.sqrt(l * l + a * a + b * b);
}

function meanLab(lab: Float32Array, cells: readonly number[]): number[] {
  return [0, 1, 2].map(
    (k) => cells.reduce((sum, cell) => sum + lab[cell * 3 + k]!, 0) / cells.length,
  );
}

function meanColour(data: Uint8Array, cells: readonly number[]): [number, number, number] {
  const mean = (k: number): number =>
    Math.round(cells.reduce((sum, cell) => sum + data[cell * 4 + k]!, 0) / cells.length);
  return [mean(0), mean(1), mean(2)];
}

/** How far two colours are apart (CIE76). */
export function gapBetween(a: Swatch, b: Swatch): number {
  const data = Uint8Array.from([...a.colour, 255, ...b.colour, 255]);
  const lab = toLab({ width: 2, height: 1, data });
  return gapTo(lab, 0, [lab[3]!, lab[4]!, lab[5]!]);
}

/** For each cell the index of the nearest colour. */
export function nearestColours(cells: Picture, palette: readonly Swatch[]): Uint8Array {
  const lab = toLab(cells);
  const bytes = Uint8Array.from(palette.flatMap(({ colour }) => [...colour, 255]));
  const targets = toLab({ width: palette.length, height: 1, data: bytes });
  const nearest = new Uint8Array(cells.width * cells.height);
  for (let cell = 0; cell < nearest.length; cell++) {
    let best = Infinity;
    for (let k = 0; k < palette.length; k++) {
      const gap = gapTo(lab, cell, [targets[k * 3]!, targets[k * 3 + 1]!, targets[k * 3 + 2]!]);
      if (gap >= best) continue;
      best = gap;
      nearest[cell] = k;
    }
  }
  return nearest;
}
