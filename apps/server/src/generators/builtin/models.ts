import type { ParamSpec } from "@modly-runs/contract/companion";
import type { MethodName } from "./methods/index.ts";
import { PARAMS, type ParamName } from "./params.ts";

const ALL = ["size_mm", "texture"] as const;
const CURVED = ["grid", "error"] as const;
const INFLATE = ["depth", "form", "detail", "back", "fill"] as const;
const RELIEF = ["height", "base", "order", "invert"] as const;
const EXTRUDE = [
  "preset",
  "thickness",
  "bevel",
  "bevel_size",
  "plate",
  "plate_thickness",
  "margin",
  "ring",
  "relief",
  "colours",
  "colour_step",
] as const;
const LITHOPHANE = [
  "material",
  "attenuation",
  "shadows",
  "thin",
  "thick",
  "resolution",
  "bend",
  "frame",
  "foot",
] as const;

interface Model {
  readonly name: string;
  readonly description: string;
  /** What it makes; auto chooses one for each picture. */
  readonly method: MethodName | "auto";
  readonly params: readonly ParamName[];
}

/** The built-in models: what a person reads of them and which parameters they take. */
export const MODELS = {
  "builtin/auto": {
    name: "Auto",
    description:
      "Looks at the picture and chooses: logos and text are extruded, drawings and products puffed up, " +
      "round things turned, photographs made a relief. Says what it chose and why.",
    method: "auto",
    params: [...ALL, ...CURVED, ...INFLATE, ...RELIEF, "thickness", "bevel", "bevel_size"],
  },
  "builtin/inflate": {
    name: "Inflate",
    description:
      "Puffs up the outline of the foreground into a closed solid, painted with the picture.",
    method: "inflate",
    params: [...ALL, ...CURVED, ...INFLATE],
  },
  "builtin/extrude": {
    name: "Extrude",
    description:
      "Gives the outline straight walls and sharp edges: logos, text, QR codes, signs, key rings, stamps, cutters.",
    method: "extrude",
    params: [...ALL, ...EXTRUDE, "fill"],
  },
  "builtin/lathe": {
    name: "Lathe",
    description:
      "Turns what is symmetric about an upright axis into a truly round body: bottles, vases, pawns, lamps.",
    method: "lathe",
    params: [...ALL, "error", "grid", "handle", "back"],
  },
  "builtin/relief": {
    name: "Relief",
    description:
      "Raises the picture over a slab: what is near before what is far, where the picture tells, else what is bright. " +
      "The back is flat and plain.",
    method: "relief",
    params: [...ALL, ...CURVED, ...RELIEF],
  },
  "builtin/lithophane": {
    name: "Lithophane",
    description:
      "Makes a picture out of thickness: held against a light, a print of it shows the picture in its tones.",
    method: "lithophane",
    params: ["size_mm", "error", ...LITHOPHANE],
  },
} as const satisfies Readonly<Record<string, Model>>;

export type ModelId = keyof typeof MODELS;

/** The parameters of a model as a caller sees them. */
export function paramsSchema(id: ModelId): ParamSpec[] {
  return MODELS[id].params.map((name) => ({ id: name, ...PARAMS[name] }));
}
