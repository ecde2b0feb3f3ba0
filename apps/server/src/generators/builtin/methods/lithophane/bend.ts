import type { Params } from "../../params.ts";

/** How a plate is bent around the light behind it. */
export interface Bend {
  /** The last column meets the first. */
  readonly closed: boolean;
  /** Millimetres between two cells so that the longest side of the part is `size`. */
  pitch(columns: number, rows: number, thickest: number, size: number): number;
  /** Where a place of the flat plate goes: `along` its width 0..`width`, `out` of it towards the viewer. Millimetres. */
  place(along: number, out: number, width: number): readonly [x: number, z: number];
}

/** The angle of an arc: a sixth of a circle. */
const ARC = Math.PI / 3;

function around(angle: number): Bend["place"] {
  return (along, out, width) => {
    const radius = width / angle;
    const at = along / radius - angle / 2;
    return [(radius + out) * Math.sin(at), (radius + out) * Math.cos(at)];
  };
}

export const BENDS: Readonly<Record<Params["bend"], Bend>> = {
  flat: {
    closed: false,
    pitch: (columns, rows, _, size) => size / (Math.max(columns, rows) - 1),
    place: (along, out) => [along, out],
  },
  arc: {
    closed: false,
    // A sixth of a circle is as wide as its radius.
    pitch: (columns, rows, thickest, size) =>
      Math.min(((size - thickest) * ARC) / (columns - 1), size / (rows - 1)),
    place: around(ARC),
  },
  cylinder: {
    closed: true,
    pitch: (columns, rows, thickest, size) =>
      Math.min(((size - 2 * thickest) * Math.PI) / columns, size / (rows - 1)),
    place: around(2 * Math.PI),
  },
};
