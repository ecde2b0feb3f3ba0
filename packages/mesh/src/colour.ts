/** Linear light of every sRGB byte. */
export const LINEAR = Float32Array.from({ length: 256 }, (_, byte) => {
  const c = byte / 255;
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
});

const STEPS = 4096;
const SRGB = Uint8Array.from({ length: STEPS + 1 }, (_, step) => {
  const c = step / STEPS;
  return Math.round(255 * (c <= 0.0031308 ? c * 12.92 : 1.055 * c ** (1 / 2.4) - 0.055));
});

/** The sRGB byte of a linear value; what is brighter than white is white. */
export function toSrgb(linear: number): number {
  return SRGB[Math.max(0, Math.min(STEPS, Math.round(linear * STEPS)))]!;
}

/** The linear value of an sRGB value between 0 and 1. */
export function toLinear(srgb: number): number {
  return LINEAR[Math.max(0, Math.min(255, Math.round(srgb * 255)))]!;
}
