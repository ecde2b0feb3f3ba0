import { blur, field, type Field, type Picture } from "../raster.ts";
import { backdropOf } from "./backdrop.ts";
import { focusOf, sharpEdges } from "./focus.ts";
import { alongEdges, shrink } from "./grid.ts";
import { viewOf } from "./view.ts";

/** How near the parts of a photograph are, as far as its pixels tell. */
export interface Scene {
  /** 0 at the back .. about 1 in front, on the cells that were looked at. */
  readonly near: Field;
  /** What told. */
  readonly cues: readonly ("backdrop" | "focus")[];
}

/** Cells along the longest side that are looked at: enough for what is in front of what. */
const LOOK = 72;

/** How near the ground is at the horizon, and how much nearer at the picture's lower edge. */
const HORIZON = 0.35;
const SLOPE = 0.5;
/** How much of that is left to ground out of focus, and how near it is where there is no horizon. */
const BLURRED = 0.5;
const BEHIND = 0.12;
/** How near what is in focus is at least, and how much its middle is before its rim. */
const AHEAD = 0.6;
const ROUND = 0.35;

/**
 * Tells what is in front of what by what painters and cameras go by: a smooth backdrop that reaches the upper edge is
 * farthest, the ground comes nearer downwards, and what is in focus stands before what is not.
 *
 * @returns undefined where nothing is clear
 */
export function sceneOf(cells: Picture, lightness: Field): Scene | undefined {
  const small = shrink(cells, LOOK);
  const view = viewOf(small);
  const backdrop = backdropOf(view);
  const focus = focusOf(view, sharpEdges(lightness, small), backdrop);
  if (backdrop === undefined && focus === undefined) return undefined;
  const { width, height } = cells;
  const onCells = (mask: Uint8Array): Field =>
    alongEdges(view.within(Float32Array.from(mask)), small, cells);
  const far = backdrop && onCells(backdrop.inside).data;
  const sharp = focus && onCells(focus);
  const middle =
    sharp && blur(sharp, Math.max(1, Math.round(Math.max(width, height) / 20)), 2).data;
  const horizon = backdrop === undefined ? height : (backdrop.horizon / small.height) * height;
  const near = field(width, height);
  for (let y = 0, cell = 0; y < height; y++) {
    const below = Math.max(0, (y - horizon) / Math.max(1, height - horizon));
    const place = HORIZON + SLOPE * below;
    const ground = far === undefined ? BEHIND : place * (sharp === undefined ? 1 : BLURRED);
    for (let x = 0; x < width; x++, cell++) {
      const ahead = sharp === undefined ? 0 : sharp.data[cell]!;
      const thing = ahead === 0 ? 0 : Math.max(AHEAD, place) + ROUND * middle![cell]! - ground;
      near.data[cell] = (ground + ahead * thing) * (far === undefined ? 1 : 1 - far[cell]!);
    }
  }
  return {
    // A step within one cell can't be drawn without teeth.
    near: blur(near, 1, 2),
    cues: [
      ...(backdrop === undefined ? [] : (["backdrop"] as const)),
      ...(focus === undefined ? [] : (["focus"] as const)),
    ],
  };
}
