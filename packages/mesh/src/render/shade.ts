/** Directions in the camera's space: lights go with the viewer, so every view of a sheet is lit alike. */
const LIGHTS: readonly {
  readonly towards: readonly [number, number, number];
  readonly power: number;
}[] = [
  { towards: normalised(-0.4, 0.6, 0.75), power: 0.72 },
  { towards: normalised(0.8, 0.1, 0.35), power: 0.22 },
];
const SKY = 0.34;
const GROUND = 0.2;

/** How much light a surface with this normal (camera space, unit length) throws back; about 1 facing the light. */
export function lightOn(x: number, y: number, z: number): number {
  let light = GROUND + (SKY - GROUND) * (0.5 + 0.5 * y);
  for (const { towards, power } of LIGHTS) {
    light += power * Math.max(0, x * towards[0] + y * towards[1] + z * towards[2]);
  }
  return light;
}

function normalised(x: number, y: number, z: number): readonly [number, number, number] {
  const length = Math.hypot(x, y, z);
  return [x / length, y / length, z / length];
}
