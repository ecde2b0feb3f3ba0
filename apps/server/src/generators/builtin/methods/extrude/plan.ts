import { USUAL_SIZE, type Params } from "../../params.ts";
import type { Bevel } from "./raise.ts";

/** What is to be built of an outline, in millimetres. */
export interface Plan {
  readonly build: "raise" | "engrave" | "cutter";
  /** The longest side of the whole part. */
  readonly size: number;
  readonly thickness: number;
  readonly bevel: Bevel;
  readonly plate: Params["plate"];
  readonly plateThickness: number;
  readonly margin: number;
  readonly ring: boolean;
  readonly mirrored: boolean;
  readonly colours: number;
  readonly colourStep: number;
}

type Change = (plan: Plan) => Partial<Plan>;

/** What each preset makes of the other parameters. */
const PRESETS: Readonly<Record<Params["preset"], Change>> = {
  none: () => ({}),
  sign: ({ bevel, plate }) => ({
    plate: plate === "none" ? "rounded" : plate,
    bevel: bevel.kind === "none" ? { ...bevel, kind: "chamfer" } : bevel,
  }),
  keyring: ({ plate }) => ({ plate: plate === "none" ? "outline" : plate, ring: true }),
  cutter: () => ({ build: "cutter", plate: "none", ring: false, colours: 1 }),
  stamp: ({ plate }) => ({
    build: "raise",
    plate: plate === "none" ? "rounded" : plate,
    mirrored: true,
    ring: false,
  }),
};

/** Puts the parameters of a caller together. */
export function planOf(params: Params): Plan {
  const plain: Plan = {
    build: params.relief,
    size: params.size_mm === 0 ? USUAL_SIZE : params.size_mm,
    thickness: params.thickness,
    bevel: { kind: params.bevel, size: params.bevel_size },
    // There has to be something to engrave.
    plate: params.relief === "engrave" && params.plate === "none" ? "rounded" : params.plate,
    plateThickness: params.plate_thickness,
    margin: params.margin,
    ring: params.ring,
    mirrored: false,
    colours: params.colours,
    colourStep: params.colour_step,
  };
  return { ...plain, ...PRESETS[params.preset](plain) };
}
