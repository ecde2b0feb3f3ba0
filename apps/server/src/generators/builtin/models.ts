import type { ParamSpec } from "@modly-runs/contract/companion";

/** Every parameter of the built-in models, once: types, defaults and what is shown all come from here. */
export const PARAMS = {
  grid: {
    label: "Grid",
    type: "int",
    default: 256,
    min: 128,
    max: 512,
    step: 1,
    tooltip: "Cells along the longest side that the surface is computed on.",
  },
  depth: {
    label: "Depth",
    type: "float",
    default: 1,
    min: 0.1,
    max: 3,
    step: 0.05,
    tooltip: "How thick the solid is; 1 makes a disc nearly a ball.",
  },
  detail: {
    label: "Detail",
    type: "float",
    default: 0.05,
    min: 0,
    max: 0.2,
    step: 0.01,
    tooltip: "How much light and dark of the picture shape the front.",
  },
  height: {
    label: "Height",
    type: "float",
    default: 0.12,
    min: 0.01,
    max: 0.5,
    step: 0.01,
    tooltip: "Height of the brightest spot over the slab, in longest sides.",
  },
  base: {
    label: "Base",
    type: "float",
    default: 0.03,
    min: 0.005,
    max: 0.3,
    step: 0.005,
    tooltip: "Thickness of the slab, in longest sides.",
  },
  invert: {
    label: "Invert",
    type: "boolean",
    default: false,
    tooltip: "Dark becomes high: a lithophane to hold against the light.",
  },
  texture: {
    label: "Texture",
    type: "int",
    default: 1024,
    min: 64,
    max: 4096,
    step: 1,
    tooltip: "Longest side of the texture in pixels.",
  },
  error: {
    label: "Error",
    type: "float",
    default: 0.0008,
    min: 0,
    max: 0.05,
    step: 0.0001,
    tooltip: "How far simplifying may move the surface, in longest sides; 0 keeps every triangle.",
  },
} as const satisfies Readonly<Record<string, Omit<ParamSpec, "id">>>;

export type ParamName = keyof typeof PARAMS;

type ValueOf<Spec> = Spec extends { readonly type: "boolean" } ? boolean : number;

/** A value for every parameter; a model reads those that it declares. */
export type Params = { readonly [Name in ParamName]: ValueOf<(typeof PARAMS)[Name]> };

const INFLATE = ["depth", "detail"] as const;
const RELIEF = ["height", "base", "invert"] as const;
const BOTH = ["grid", "texture", "error"] as const;

/** The built-in models: what a person reads of them and which parameters they take. */
export const MODELS = {
  "builtin/auto": {
    name: "Auto",
    description:
      "Inflates what stands out from a transparent or even background, else makes a relief.",
    params: [...BOTH, ...INFLATE, ...RELIEF],
  },
  "builtin/inflate": {
    name: "Inflate",
    description:
      "Puffs up the outline of the foreground into a closed solid, painted with the picture.",
    params: [...BOTH, ...INFLATE],
  },
  "builtin/relief": {
    name: "Relief",
    description: "Raises the picture over a slab by its brightness; inverted, a lithophane.",
    params: [...BOTH, ...RELIEF],
  },
} as const satisfies Readonly<
  Record<string, { name: string; description: string; params: readonly ParamName[] }>
>;

export type ModelId = keyof typeof MODELS;

/** The parameters of a model as a caller sees them. */
export function paramsSchema(id: ModelId): ParamSpec[] {
  return MODELS[id].params.map((name) => ({ id: name, ...PARAMS[name] }));
}

/** Fills in what is missing; `given` has been checked against the schema. */
export function withDefaults(given: Readonly<Record<string, unknown>>): Params {
  const entries = Object.entries(PARAMS).map(([name, spec]) => {
    const value = given[name];
    return [name, typeof value === typeof spec.default ? value : spec.default];
  });
  return Object.fromEntries(entries) as Params;
}
