import type { Params } from "../../params.ts";

/** How a plate is bent around the light behind it. */
export interface Bend {
  /** The last column meets the first. */
  readonly closed: boolean;
  /** Millimetres between two cells so that the longest side of the part is `size`. */
  pitch(columns: number, rows: number, thickest: number, size: number): number;
  /** Bends a flat plate in place, x along its width and z out of it towards the viewer. Millimetres. */
  apply(positions: Float32Array, normals: Float32Array, width: number): void;
}

/** The angle of an arc: a sixth of a circle. */
const ARC = Math.PI / 3;

function around(angle: number): Bend["apply"] {
  return (positions, normals, width) => {
    const radius = width / angle;
    for (let p = 0; p < positions.length; p += 3) {
      const turn = positions[p]! / radius - angle / 2;
      const [sin, cos] = [Math.sin(turn), Math.cos(turn)];
      const out = radius + positions[p + 2]!;
      positions[p] = out * sin;
      positions[p + 2] = out * cos;
      // What is further out is stretched along the circle, so it slopes less.
      const along = (normals[p]! * radius) / out;
      const [up, outward] = [normals[p + 1]!, normals[p + 2]!];
      const length = Math.sqrt(along * along + up * up + outward * outward);
      normals[p] = (along * cos + outward * sin) / length;
      normals[p + 1] = up / length;
      normals[p + 2] = (outward * cos - along * sin) / length;
    }
  };
}

export const BENDS: Readonly<Record<Params["bend"], Bend>> = {
  flat: {
    closed: false,
    pitch: (columns, rows, _, size) => size / (Math.max(columns, rows) - 1),
    apply: () => {},
  },
  arc: {
    closed: false,
    // A sixth of a circle is as wide as its radius.
    pitch: (columns, rows, thickest, size) =>
      Math.min(((size - thickest) * ARC) / (columns - 1), size / (rows - 1)),
    apply: around(ARC),
  },
  cylinder: {
    closed: true,
    pitch: (columns, rows, thickest, size) =>
      Math.min(((size - 2 * thickest) * Math.PI) / columns, size / (rows - 1)),
    apply: around(2 * Math.PI),
  },
};
