import { paintCutout } from "../paint/texture.ts";
import type { Params } from "../params.ts";
import type { Cutout, Finding } from "../picture/cutout.ts";
import { lightnessOf } from "../picture/lightness.ts";
import { refuse, resample } from "../picture/picture.ts";
import { frame, MARGIN, meanWidth, outlineDiagonal } from "../picture/outline.ts";
import { joinTouching } from "../picture/touching.ts";
import { solvePoisson } from "../surface/poisson.ts";
import { blur, type Field, insideOf } from "../picture/raster.ts";
import { divideError } from "../surface/coarsen.ts";
import { evenNormals, smoothNormals, type Mesh } from "../surface/mesh.ts";
import { closeShell, coarsenShell } from "../surface/shell.ts";
import { backwards } from "./back.ts";
import type { Method } from "./method.ts";
import { levelled, plateauOf, type Plateau } from "./plateau.ts";

/** The back is flatter than the front, as things that lie are; both together make a disc nearly a ball. */
const BACK = 0.7;
/** Least height in cells: keeps front and back apart. */
const THINNEST = 0.05;
/** Holds wide parts down: a disc as wide as the grid loses a sixth of its depth, a thin part nothing. */
const DAMPING = 3;

const ADVICE =
  "Use a picture with a transparent or an even background, or the model builtin/relief.";
/** What is a trifle on a body is half of a thin line: how far simplifying may move one, of its width. */
const TRIFLE = 0.02;
const THIN = 10;
/** Covered cells no further apart than this are one body: a print would not keep the gap. */
const TOUCHING = 2.9;
const FINEST = 512;

/** The foreground's outline, puffed up and painted with the picture. */
export const makeInflated: Method = async ({ picture, foreground }, params) => {
  const finding = await foreground();
  if (!finding.found) {
    return refuse(`There is no outline to inflate: ${finding.because}. ${ADVICE}`);
  }
  const cut = await cutOutFinely(finding, params.grid);
  const cutout = { ...cut, coverage: joinTouching(cut.coverage, TOUCHING) };
  const { width, height } = cutout.coverage;
  const thickness = meanWidth(cutout.coverage);
  if (thickness === 0) {
    return refuse(
      `There is no outline to inflate: what stands out is too faint or too thin. ${ADVICE}`,
    );
  }
  // sharp's threads paint while this one computes.
  const cells = resample(picture, cutout.crop, width, height);
  const jpeg = paintCutout(picture, cutout, cells, params.texture, backwards(params.back).paint);
  const swelling = swell(cutout.coverage);
  const plateau = plateauOf(swelling.outline, params.form);
  const error = Math.min(params.error, (TRIFLE * thickness) / Math.max(width, height));
  const { tolerance, left } = divideError(error, Math.max(width, height), "smooth");
  const mesh = inflate(swelling, lightnessOf(await cells), { ...params, tolerance, plateau });
  const doubt = cutout.lost ?? finding.doubt;
  return {
    bodies: [{ name: "inflate", mesh, paint: { jpeg }, error: left }],
    restsOn: params.back === "flat" ? "back" : "foot",
    ...(doubt !== undefined && { notes: { warning: doubt } }),
  };
};

/** Takes a finer grid where the parts would be few cells wide and the picture knows more of them. */
async function cutOutFinely(
  finding: Extract<Finding, { found: true }>,
  grid: number,
): Promise<Cutout> {
  const cutout = await finding.cutOut(grid);
  const { left, top, right, bottom } = cutout.crop;
  const more = Math.max(right - left, bottom - top) > grid;
  if (!more || grid >= FINEST || meanWidth(cutout.coverage) >= THIN) return cutout;
  return finding.cutOut(Math.min(FINEST, grid * 2));
}

/** How high a skin over an outline rises: u with ∇²u = -4 inside and u = 0 on it. */
interface Swelling {
  /** The outline with empty cells around it. */
  readonly outline: Field;
  readonly inside: Uint8Array;
  readonly value: Float32Array;
}

/** @param coverage the foreground, 0..1, on a grid of square cells; somewhere over one half */
export function swell(coverage: Field): Swelling {
  const outline = frame(coverage);
  const { width, height } = outline;
  const inside = insideOf(outline);
  const { value } = solvePoisson({
    width,
    height,
    inside,
    diagonal: outlineDiagonal(outline, inside),
    damping: (DAMPING / Math.max(width, height)) ** 2,
    source: 4,
  });
  return { outline, inside, value };
}

interface Rise extends Pick<Params, "depth" | "detail" | "back"> {
  /** How far the surface may be off any height, in cells; below zero it holds all of them. */
  readonly tolerance: number;
  readonly plateau: Plateau;
}

/**
 * Puffs up an outline: its height is √u, which makes half a ball of a disc.
 *
 * @param lightness 0..1 on the grid of the coverage
 * @returns a closed mesh, in cells
 */
export function inflate(
  { outline, inside, value }: Swelling,
  lightness: Field,
  { depth, detail, back: kind, tolerance, plateau }: Rise,
): Mesh {
  const { width } = outline;
  const relief = ripples(lightness);
  const front = new Float32Array(value.length);
  const back = new Float32Array(value.length);
  for (let cell = 0; cell < value.length; cell++) {
    if (inside[cell] === 0) continue;
    const x = (cell % width) - MARGIN;
    const y = Math.floor(cell / width) - MARGIN;
    const round = depth * levelled(Math.sqrt(value[cell]!), plateau);
    front[cell] = Math.max(THINNEST, round * (1 + detail * relief.data[y * relief.width + x]!));
    back[cell] = kind === "flat" ? THINNEST : Math.max(THINNEST, round * BACK);
  }
  const shell = closeShell(outline, front, back);
  const { across } = backwards(kind);
  const kept = coarsenShell(shell, outline, front, back, Math.min(THINNEST, tolerance));
  const { positions, indices, source, behind } = partAtRim(
    shell.positions,
    kept,
    kind === "mirror",
  );
  const uvs = new Float32Array((positions.length / 3) * 2);
  for (let vertex = 0; vertex < source.length; vertex++) {
    const u = clamp((positions[vertex * 3]! - MARGIN + 0.5) / lightness.width);
    uvs[vertex * 2] = across(u, behind[vertex] === 0);
    uvs[vertex * 2 + 1] = clamp((positions[vertex * 3 + 1]! - MARGIN + 0.5) / lightness.height);
  }
  turnUp(shell.positions);
  turnUp(positions);
  // The shading runs on over the rim, and is that of all cells, so it is taken from the whole surface in one piece.
  const shading = evenNormals(smoothNormals(shell.positions, shell.indices), shell.indices);
  return { positions, normals: pick(shading, source), uvs, indices };
}

/** From rows that count downwards to +Y up, in place. */
function turnUp(positions: Float32Array): void {
  for (let i = 1; i < positions.length; i += 3) positions[i] = -positions[i]!;
}

/** The vectors of the vertices that `source` names. */
function pick(vectors: Float32Array, source: Int32Array): Float32Array {
  const picked = new Float32Array(source.length * 3);
  for (let vertex = 0, to = 0; vertex < source.length; vertex++, to += 3) {
    const from = source[vertex]! * 3;
    picked[to] = vectors[from]!;
    picked[to + 1] = vectors[from + 1]!;
    picked[to + 2] = vectors[from + 2]!;
  }
  return picked;
}

/** The vertices that are used, the back's on the rim once more, so that it may look at another part of a texture. */
interface Parted {
  readonly positions: Float32Array;
  readonly indices: Uint32Array;
  /** For each vertex the one of the shell that it was. */
  readonly source: Int32Array;
  /** 1 for those that belong to the back. */
  readonly behind: Uint8Array;
}

function partAtRim(positions: Float32Array, corners: Uint32Array, whole: boolean): Parted {
  const count = positions.length / 3;
  const source = new Int32Array(count * 2);
  const behind = new Uint8Array(count * 2);
  /** Of each vertex of the shell one more than its number, and than that of its twin on the back's own rim. */
  const places = new Int32Array(count);
  const twins = new Int32Array(count);
  const indices = new Uint32Array(corners.length);
  let used = 0;
  for (let t = 0; t < corners.length; t += 3) {
    // Every triangle has a corner that is not on the rim.
    const isBehind =
      positions[corners[t]! * 3 + 2]! < 0 ||
      positions[corners[t + 1]! * 3 + 2]! < 0 ||
      positions[corners[t + 2]! * 3 + 2]! < 0;
    for (let k = t; k < t + 3; k++) {
      const corner = corners[k]!;
      const numbers = isBehind && !whole && positions[corner * 3 + 2] === 0 ? twins : places;
      if (numbers[corner] === 0) {
        source[used] = corner;
        behind[used] = isBehind ? 1 : 0;
        numbers[corner] = ++used;
      }
      indices[k] = numbers[corner]! - 1;
    }
  }
  const kept = source.subarray(0, used);
  return { positions: pick(positions, kept), indices, source: kept, behind };
}

/** What is lighter or darker than its surroundings, -1..1: the picture's detail without its shading. */
function ripples(lightness: Field): Field {
  const near = blur(lightness, 1, 1);
  const far = blur(
    lightness,
    Math.max(2, Math.round(Math.max(lightness.width, lightness.height) / 64)),
    2,
  );
  for (let cell = 0; cell < near.data.length; cell++) {
    const ripple = (near.data[cell]! - far.data[cell]!) * 3;
    near.data[cell] = Math.max(-1, Math.min(1, ripple));
  }
  return near;
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
