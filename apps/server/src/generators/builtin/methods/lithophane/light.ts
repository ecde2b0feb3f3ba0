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

export type Light = Pick<Params, "material" | "attenuation" | "shadows" | "thin" | "thick">;

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
  // The thickest part is no black: an eye sees steps beside its grey only if they are as large as lightness has them.
  const black = lightness(dark / bright);
  return (luminance) => {
    const clamped = Math.max(0, Math.min(1, luminance));
    const asLight = dark + clamped * (bright - dark);
    const asSeen = bright * fromLightness(black + lightness(clamped) * (1 - black));
    const through = asLight + light.shadows * (asSeen - asLight);
    return Math.max(least, Math.min(most, -Math.log(through) / attenuation));
  };
}

/** CIE L* as a share: how light an eye sees what is this share of white. */
function lightness(share: number): number {
  return share > 216 / 24389 ? 1.16 * Math.cbrt(share) - 0.16 : (share * 24389) / 2700;
}

function fromLightness(seen: number): number {
  const root = (seen + 0.16) / 1.16;
  return root ** 3 > 216 / 24389 ? root ** 3 : (seen * 2700) / 24389;
}
