import type { Bounds } from "../mesh.ts";

/** A row-major 3×4 matrix: rotation and translation into the camera's space, which looks down -Z. */
export interface View {
  /** Twelve numbers. */
  readonly matrix: readonly number[];
  /** Distance of the eye from the origin of its space; undefined for a parallel projection. */
  readonly distance: number | undefined;
  /** Pixels for one unit at the middle of the model. */
  readonly scale: number;
}

export interface Aim {
  /** Degrees around +Y; 0 looks at the front, 90 at the model's right-hand side as the viewer sees it. */
  readonly yaw: number;
  /** Degrees above the horizon. */
  readonly pitch: number;
  /** Field of view in degrees; 0 is a parallel projection. */
  readonly fov: number;
  /** Free room around the model, as a share of the picture's shorter side. */
  readonly margin: number;
}

/** Places the eye so that the model's bounding sphere (or, from the front in parallel, its box) fills the picture. */
export function lookAt(
  { low, high }: Bounds,
  { yaw, pitch, fov, margin }: Aim,
  width: number,
  height: number,
): View {
  const centre = low.map((value, axis) => (value + high[axis]!) / 2);
  const [cy, sy] = turn(-yaw);
  const [cp, sp] = turn(pitch);
  const rows = [
    [cy, 0, sy],
    [sp * sy, cp, -sp * cy],
    [-cp * sy, sp, cp * cy],
  ];
  const half = rows.map((row) =>
    row.reduce((sum, r, axis) => sum + (Math.abs(r) * (high[axis]! - low[axis]!)) / 2, 0),
  );
  const room = 1 - 2 * margin;
  const scale = room * Math.min(width / (2 * half[0]! || 1), height / (2 * half[1]! || 1));
  const reach = Math.hypot(...half);
  const distance = fov > 0 ? reach / Math.sin((fov * Math.PI) / 360) : undefined;
  const matrix = rows.flatMap((row) => [
    ...row,
    -row.reduce((sum, r, axis) => sum + r * centre[axis]!, 0),
  ]);
  // What is nearer than the middle looks larger: leave room for it.
  return {
    matrix,
    distance,
    scale: distance === undefined ? scale : (scale * (distance - half[2]!)) / distance,
  };
}

function turn(degrees: number): [cos: number, sin: number] {
  const angle = (degrees * Math.PI) / 180;
  return [Math.cos(angle), Math.sin(angle)];
}
