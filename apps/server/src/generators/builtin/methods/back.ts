import type { BackPaint } from "../paint/texture.ts";
import type { Params } from "../params.ts";

/** How the side away from the viewer is painted and where its colours are found in the texture. */
export interface Back {
  readonly paint: BackPaint;
  /** Where in the texture, 0..1 from its left, is what is at `u` of the picture, on the front or on the back. */
  across(u: number, front: boolean): number;
}

/** The share of a texture's width that a plain back takes, at its right. */
const STRIP = 0.25;

/** A plain back has a strip of its own in the texture, where the rim's colours run on over the middle. */
export function backwards(kind: Params["back"]): Back {
  if (kind === "mirror") return { paint: { kind: "mirror" }, across: (u) => u };
  const front = 1 / (1 + STRIP);
  return {
    paint: { kind: "strip", share: STRIP },
    across: (u, inFront) => (inFront ? u * front : front + u * (1 - front)),
  };
}
