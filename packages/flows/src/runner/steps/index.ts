import type { KindName } from "../../definition/kinds.ts";
import type { DoStep } from "../step.ts";
import { generate } from "./generate.ts";
import { http } from "./http.ts";
import { convert, measure, merge, pick, preview, scale, simplify } from "./meshes.ts";
import { cutout, resize } from "./pictures.ts";

/** How each kind of step is done. */
export const STEPS: Readonly<Record<KindName, DoStep>> = {
  generate,
  cutout,
  resize,
  simplify,
  convert,
  scale,
  merge,
  preview,
  measure,
  http,
  pick,
};
