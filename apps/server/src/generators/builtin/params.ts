import type { ParamSpec } from "@modly-runs/contract/companion";

type Spec = Omit<ParamSpec, "id"> & { readonly unit?: string };

const choices = <const Value extends string>(...options: { value: Value; label: string }[]) =>
  options;

/**
 * Every parameter of the built-in models, once: types, defaults, units and what is shown all come from here.
 * Millimetres are those of the printed part, whose longest side is `size_mm`, or 100 mm where nothing is said.
 */
export const PARAMS = {
  size_mm: {
    label: "Size",
    type: "float",
    default: 0,
    min: 0,
    max: 2000,
    step: 1,
    unit: "mm",
    tooltip:
      "The longest side of the part; 0: one metre in the mesh, 100 mm in exports for printing.",
  },
  grid: {
    label: "Grid",
    type: "int",
    default: 256,
    min: 128,
    max: 512,
    step: 1,
    unit: "cells",
    tooltip: "Cells along the longest side that the surface is computed on.",
  },
  texture: {
    label: "Texture",
    type: "int",
    default: 1024,
    min: 64,
    max: 4096,
    step: 1,
    unit: "pixels",
    tooltip: "Longest side of the texture.",
  },
  error: {
    label: "Error",
    type: "float",
    default: 0.0008,
    min: 0,
    max: 0.05,
    step: 0.0001,
    unit: "longest sides",
    tooltip: "How far simplifying may move the surface; 0 keeps every triangle.",
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
  form: {
    label: "Form",
    type: "select",
    default: "auto",
    options: choices(
      { value: "auto", label: "Auto: level where the outline is built of straight edges" },
      { value: "round", label: "Round: as far as the outline lets it" },
      { value: "plateau", label: "Plateau: round edges, then level" },
    ),
    tooltip: "Whether the solid is round all over or rises at its edge and then stays level.",
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
  back: {
    label: "Back",
    type: "select",
    default: "plain",
    options: choices(
      { value: "plain", label: "Plain: the rim's colours run on" },
      { value: "mirror", label: "Mirror: the picture again, mirrored" },
      { value: "flat", label: "Flat: lies on the printer's bed, plain" },
    ),
    tooltip: "What the side away from the viewer is like.",
  },
  fill: {
    label: "Fill",
    type: "boolean",
    default: false,
    tooltip: "Closes what a line drawing encloses, so that it becomes a body and not a wire.",
  },
  height: {
    label: "Height",
    type: "float",
    default: 0.12,
    min: 0.01,
    max: 0.5,
    step: 0.01,
    unit: "longest sides",
    tooltip: "Height of the highest spot over the slab.",
  },
  base: {
    label: "Base",
    type: "float",
    default: 0.03,
    min: 0.005,
    max: 0.3,
    step: 0.005,
    unit: "longest sides",
    tooltip: "Thickness of the slab.",
  },
  order: {
    label: "Order",
    type: "select",
    default: "scene",
    options: choices(
      { value: "scene", label: "Scene: as sky, ground and focus tell; else by brightness" },
      { value: "brightness", label: "Brightness: bright is high, as in a height map" },
    ),
    tooltip: "What decides what stands in front.",
  },
  invert: {
    label: "Invert",
    type: "boolean",
    default: false,
    tooltip: "Dark becomes high. For light through plastic, take builtin/lithophane.",
  },
  preset: {
    label: "Preset",
    type: "select",
    default: "none",
    options: choices(
      { value: "none", label: "None: as the other parameters say" },
      { value: "sign", label: "Sign: on a rounded plate, bevelled" },
      { value: "keyring", label: "Key ring: on an outline, with a hole" },
      { value: "cutter", label: "Cookie cutter: wall, blade and rim" },
      { value: "stamp", label: "Stamp: mirrored, on a plate" },
    ),
    tooltip: "A thing that people print; it decides plate, ring and bevel.",
  },
  thickness: {
    label: "Thickness",
    type: "float",
    default: 3,
    min: 0.2,
    max: 100,
    step: 0.1,
    unit: "mm",
    tooltip: "How far the outline is raised, or how deep it is engraved.",
  },
  bevel: {
    label: "Bevel",
    type: "select",
    default: "none",
    options: choices(
      { value: "none", label: "None: sharp edges" },
      { value: "chamfer", label: "Chamfer: edges cut at 45°" },
      { value: "round", label: "Round: edges rounded" },
    ),
    tooltip: "What the upper edges are like.",
  },
  bevel_size: {
    label: "Bevel size",
    type: "float",
    default: 0.6,
    min: 0.1,
    max: 10,
    step: 0.1,
    unit: "mm",
    tooltip: "How much of the upper edges the bevel takes.",
  },
  plate: {
    label: "Plate",
    type: "select",
    default: "none",
    options: choices(
      { value: "none", label: "None: loose parts stay loose" },
      { value: "rectangle", label: "Rectangle" },
      { value: "rounded", label: "Rectangle with round corners" },
      { value: "outline", label: "Outline: the shape itself, wider" },
    ),
    tooltip: "What holds loose letters together.",
  },
  plate_thickness: {
    label: "Plate thickness",
    type: "float",
    default: 1.6,
    min: 0.2,
    max: 50,
    step: 0.1,
    unit: "mm",
    tooltip: "How thick the plate under the outline is.",
  },
  margin: {
    label: "Margin",
    type: "float",
    default: 4,
    min: 0.5,
    max: 100,
    step: 0.5,
    unit: "mm",
    tooltip: "How far the plate stands out around the outline.",
  },
  ring: {
    label: "Ring",
    type: "boolean",
    default: false,
    tooltip: "Adds a lug with a hole of 5 mm for a key ring at the top.",
  },
  relief: {
    label: "Raise or engrave",
    type: "select",
    default: "raise",
    options: choices(
      { value: "raise", label: "Raise: the outline stands on the plate" },
      { value: "engrave", label: "Engrave: the outline is cut into the plate" },
    ),
    tooltip: "Engraving needs a plate; without one it takes a rounded rectangle.",
  },
  colours: {
    label: "Colours",
    type: "int",
    default: 1,
    min: 1,
    max: 8,
    step: 1,
    tooltip:
      "Flat colours that become bodies at steps of height, for printers with several filaments.",
  },
  colour_step: {
    label: "Colour step",
    type: "float",
    default: 0.6,
    min: 0.1,
    max: 20,
    step: 0.1,
    unit: "mm",
    tooltip: "How much higher each further colour stands.",
  },
  handle: {
    label: "Handle",
    type: "boolean",
    default: true,
    tooltip: "Keeps a handle or spout beside a round body as a part of its own shape.",
  },
  material: {
    label: "Material",
    type: "select",
    default: "pla-white",
    options: choices(
      { value: "pla-white", label: "PLA, white" },
      { value: "pla-natural", label: "PLA, natural" },
      { value: "petg-white", label: "PETG, white" },
      { value: "resin-white", label: "Resin, white" },
      { value: "custom", label: "Custom: as attenuation says" },
    ),
    tooltip: "What the light goes through; decides how thickness becomes brightness.",
  },
  attenuation: {
    label: "Attenuation",
    type: "float",
    default: 0.9,
    min: 0.05,
    max: 10,
    step: 0.05,
    unit: "1/mm",
    tooltip: "For the custom material: light falls to exp(-attenuation × mm).",
  },
  shadows: {
    label: "Shadows",
    type: "float",
    default: 0,
    min: 0,
    max: 1,
    step: 0.1,
    tooltip:
      "How much of the light's range goes to detail in the dark, at the price of a paler picture.",
  },
  thin: {
    label: "Thinnest",
    type: "float",
    default: 0.6,
    min: 0.2,
    max: 10,
    step: 0.1,
    unit: "mm",
    tooltip: "Thickness where the picture is white.",
  },
  thick: {
    label: "Thickest",
    type: "float",
    default: 3,
    min: 0.4,
    max: 30,
    step: 0.1,
    unit: "mm",
    tooltip: "Thickness where the picture is black.",
  },
  resolution: {
    label: "Resolution",
    type: "float",
    default: 0.2,
    min: 0.05,
    max: 2,
    step: 0.05,
    unit: "mm",
    tooltip: "The finest detail that the printer makes; finer detail is averaged.",
  },
  bend: {
    label: "Bend",
    type: "select",
    default: "flat",
    options: choices(
      { value: "flat", label: "Flat" },
      { value: "arc", label: "Arc: a sixth of a circle, stands by itself" },
      { value: "cylinder", label: "Cylinder: a lamp shade" },
    ),
    tooltip: "How the picture is bent around the light.",
  },
  frame: {
    label: "Frame",
    type: "float",
    default: 3,
    min: 0,
    max: 50,
    step: 0.5,
    unit: "mm",
    tooltip: "Width of the frame, as thick as the thickest; 0 leaves it out.",
  },
  foot: {
    label: "Foot",
    type: "boolean",
    default: false,
    tooltip: "Adds a foot to a flat or bent picture, so that it stands.",
  },
} as const satisfies Readonly<Record<string, Spec>>;

export type ParamName = keyof typeof PARAMS;

type ValueOf<S> = S extends { readonly type: "boolean" }
  ? boolean
  : S extends { readonly type: "select"; readonly options: readonly { value: infer Value }[] }
    ? Value
    : number;

/** A value for every parameter; a model reads those that it declares. */
export type Params = { readonly [Name in ParamName]: ValueOf<(typeof PARAMS)[Name]> };

/** What is meant by a part's size where nobody said one, in millimetres. */
export const USUAL_SIZE = 100;

/** Fills in what is missing; `given` has been checked against the schema, where numbers and booleans may come as text. */
export function withDefaults(given: Readonly<Record<string, unknown>>): Params {
  const entries = Object.entries(PARAMS).map(([name, spec]) => {
    const value = given[name];
    if (value === undefined) return [name, spec.default];
    if (spec.type === "boolean") return [name, value === true || value === "true"];
    return [name, spec.type === "select" ? value : Number(value)];
  });
  return Object.fromEntries(entries) as Params;
}
