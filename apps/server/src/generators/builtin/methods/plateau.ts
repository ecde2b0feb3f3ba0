import type { Params } from "../params.ts";
import { edgesOf } from "../picture/edges.ts";
import type { Field } from "../picture/raster.ts";

/** How high the front of a plateau rises, in longest sides. */
const LEVEL = 0.1;
/** How much faster the edge of a plateau rises than that of something round. */
const STEEPER = 2;
/** Walls and roofs are made of straight edges, half of them level or upright; what has fewer is rounder. */
const WALLS = { from: 0.4, to: 0.5 } as const;
const STRAIGHT = { from: 0.7, to: 0.8 } as const;

/** How a height that is round by nature rises at the edge and then stays level. */
export interface Plateau {
  /** In cells; infinite for what stays round. */
  readonly level: number;
  readonly steepness: number;
}

export const ROUND: Plateau = { level: Infinity, steepness: 1 };

/**
 * What an outline asks for: a plateau where it is built of straight edges, like a house or a book, less of one the less
 * it is so.
 *
 * @param outline coverage 0..1 with empty cells along its edge
 */
export function plateauOf(outline: Field, form: Params["form"]): Plateau {
  const built = { round: () => 0, plateau: () => 1, auto: () => builtOf(outline) }[form]();
  if (built === 0) return ROUND;
  return {
    level: (LEVEL * Math.max(outline.width, outline.height)) / built,
    steepness: 1 + (STEEPER - 1) * built,
  };
}

/** 0 for what is round, 1 for what is built of straight edges. */
function builtOf(outline: Field): number {
  const { level, straight } = edgesOf(outline);
  return share(level, WALLS) * share(straight, STRAIGHT);
}

function share(
  value: number,
  { from, to }: { readonly from: number; readonly to: number },
): number {
  return Math.min(1, Math.max(0, (value - from) / (to - from)));
}

/** @param height what it would be if it were round, in cells */
export function levelled(height: number, { level, steepness }: Plateau): number {
  if (level === Infinity) return height;
  const steep = height * steepness;
  const over = (steep / level) ** 2;
  return steep / Math.sqrt(Math.sqrt(1 + over * over));
}
