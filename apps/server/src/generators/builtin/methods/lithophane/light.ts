import type { Params } from "../../params.ts";

/**
 * How much light a millimetre of a material swallows, 1/mm: light falls to exp(-attenuation × thickness), the law of
 * Beer and Lambert. Starting points for common filaments; they differ by maker and colour, so the documentation says
 * how to measure one's own.
 */
const ATTENUATION: Readonly<Record<Exclude<Params["material"], "custom">, number>> = {
  "pla-white": 0.9,
  "pla-natural": 0.35,
  "petg-white": 0.7,
  "resin-white": 1.3,
};

export type Light = Pick<Params, "material" | "attenuation" | "thin" | "thick">;

export function attenuationOf({ material, attenuation }: Light): number {
  return material === "custom" ? attenuation : ATTENUATION[material];
}

/** The share of light that goes through a thickness in millimetres. */
export function transmission(thickness: number, light: Light): number {
  return Math.exp(-attenuationOf(light) * thickness);
}

/**
 * Tells the thickness in millimetres that shows a brightness (linear light, 0..1), so that light behind it has the
 * picture's tones.
 */
export function thicknessFor(light: Light): (luminance: number) => number {
  const [least, most] = [Math.min(light.thin, light.thick), Math.max(light.thin, light.thick)];
  const [dark, bright] = [transmission(most, light), transmission(least, light)];
  const attenuation = attenuationOf(light);
  return (luminance) => {
    const through = dark + Math.max(0, Math.min(1, luminance)) * (bright - dark);
    return Math.max(least, Math.min(most, -Math.log(through) / attenuation));
  };
}
