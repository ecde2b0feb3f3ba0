import { nearestColours, type Swatch } from "../../picture/palette.ts";
import { blur, type Field, type Picture } from "../../picture/raster.ts";

type Colour = Swatch["colour"];

/** The colours of a picture as layers that stand on each other. */
export interface Layers {
  /** What carries the others. */
  readonly base: Colour;
  /** From the lowest up: where the colour or one above it is. */
  readonly layers: readonly { readonly coverage: Field; readonly colour: Colour }[];
}

/** Colours nearer than this on each channel are one. */
const SAME = 12;

/**
 * Splits a picture into layers, the most used colour lowest. Each layer reaches under those above it, so that nothing
 * hangs in the air and a printer can change its filament by height alone.
 *
 * @param ground the colour of a plate underneath; the first colour is the base where there is none
 */
export function layersOf(
  cells: Picture,
  inside: Field,
  palette: readonly Swatch[],
  ground: Colour | undefined,
): Layers {
  const base = ground ?? palette[0]?.colour ?? [128, 128, 128];
  const above = palette.filter(
    ({ colour }) => !colour.every((channel, k) => Math.abs(channel - base[k]!) < SAME),
  );
  const all = [{ colour: base, share: 0 }, ...above];
  const nearest = nearestColours(cells, all);
  const layers = above.map(({ colour }, k) => {
    const mask = {
      ...inside,
      data: inside.data.map((covered, cell) => (covered > 0.5 && nearest[cell]! >= k + 1 ? 1 : 0)),
    };
    // The steps of the cells become a slope that the outline can be traced on.
    return { colour, coverage: blur(mask, 1, 1) };
  });
  return { base, layers };
}
