import { writeFile } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { alphaUse } from "./picture/alpha.ts";
import { findForeground, gridOf, type Cutout, type Finding } from "./picture/cutout.ts";
import { writeGlb } from "./paint/glb.ts";
import { inflate } from "./methods/inflate.ts";
import { stand, type Mesh } from "./surface/mesh.ts";
import { MODELS, type ModelId, type Params } from "./models.ts";
import { meanWidth } from "./picture/outline.ts";
import { readPicture, refuse, resample, wholeOf, type Refusal } from "./picture/picture.ts";
import type { Field, Picture } from "./picture/raster.ts";
import { relief } from "./methods/relief.ts";
import { simplify } from "@modly-runs/mesh/simplify";
import { paintCutout, paintWhole } from "./paint/texture.ts";

/** One picture to one mesh: all that a child process is told. */
export interface Job {
  readonly model: ModelId;
  readonly imagePath: string;
  readonly params: Params;
  /** Where the mesh goes. */
  readonly meshPath: string;
}

export type Made = { readonly ok: true } | Refusal;

/** What a child that makes meshes is ordered, tells at each stage that begins (`percent` 0..100), and answers. */
export interface Making {
  readonly order: Job;
  readonly news: { readonly percent: number; readonly step: string };
  readonly made: Made;
}

type Tell = (percent: number, step: string) => void;

/** A shape with its paint, before it is simplified and written. */
interface Shape {
  readonly mesh: Mesh;
  readonly jpeg: Promise<Uint8Array>;
  /** How far simplifying may move the surface, in longest sides. */
  readonly error: number;
}

/** Turns a picture into a GLB file. Refusals are results; anything thrown is a fault. */
export async function make(job: Job, tell: Tell): Promise<Made> {
  tell(0, "Reading the picture");
  const read = await readPicture(job.imagePath, Math.max(2048, job.params.texture));
  if (!read.ok) return read;
  const { picture } = read;

  tell(15, "Finding the outline");
  const alpha = alphaUse(picture);
  if (alpha.invisible) {
    return refuse(
      "Nothing can be seen: the picture is fully transparent. Use one with something in it.",
    );
  }
  const choice =
    job.model === "builtin/relief"
      ? AS_ASKED
      : choose(job.model, await findForeground(picture, alpha));
  if (!choice.ok) return choice;

  tell(30, `Building the surface: ${choice.method}, ${choice.because}`);
  const shape = await (choice.finding === undefined
    ? makeRelief(picture, job.params)
    : makeInflated(picture, choice.finding, job.params));
  if ("ok" in shape) return shape;

  tell(60, "Simplifying the surface");
  // Lets the painting take its next step before this thread is busy again.
  await setImmediate();
  const mesh = simplify(shape.mesh, shape.error);
  stand(mesh.positions);

  tell(75, "Painting the texture");
  const jpeg = await shape.jpeg;

  tell(90, "Writing the mesh");
  const extras = {
    model: job.model,
    method: choice.method,
    because: choice.because,
    params: Object.fromEntries(MODELS[job.model].params.map((name) => [name, job.params[name]])),
  };
  await writeFile(job.meshPath, await writeGlb(mesh, jpeg, extras));
  return { ok: true };
}

type Found = Extract<Finding, { found: true }>;
type Choice =
  | {
      readonly ok: true;
      readonly method: "inflate";
      readonly because: string;
      readonly finding: Found;
    }
  | {
      readonly ok: true;
      readonly method: "relief";
      readonly because: string;
      readonly finding: undefined;
    }
  | Refusal;

const AS_ASKED: Choice = { ok: true, method: "relief", because: "as asked", finding: undefined };

/** Auto inflates only what it is sure of: a relief of an object disappoints less than a shredded photograph. */
function choose(model: "builtin/auto" | "builtin/inflate", finding: Finding): Choice {
  const doubt = finding.found ? finding.doubt : finding.because;
  if (model === "builtin/auto" && doubt !== undefined) {
    return { ok: true, method: "relief", because: doubt, finding: undefined };
  }
  if (!finding.found)
    return refuse(`There is no outline to inflate: ${finding.because}. ${ADVICE}`);
  return { ok: true, method: "inflate", because: finding.because, finding };
}

const ADVICE =
  "Use a picture with a transparent or an even background, or the model builtin/relief.";

async function makeInflated(
  picture: Picture,
  finding: Found,
  params: Params,
): Promise<Shape | Refusal> {
  const cutout = await cutOutFinely(finding, params.grid);
  const { width, height } = cutout.coverage;
  const thickness = meanWidth(cutout.coverage);
  if (thickness === 0) {
    return refuse(
      `There is no outline to inflate: what stands out is too faint or too thin. ${ADVICE}`,
    );
  }
  const cells = await resample(picture, cutout.crop, width, height);
  // sharp's threads paint while this one computes.
  const jpeg = paintCutout(picture, cutout, cells, params.texture);
  const mesh = inflate(cutout.coverage, lightnessOf(cells), params);
  // What is a trifle on a body is half of a thin line.
  const error = Math.min(params.error, (TRIFLE * thickness) / Math.max(width, height));
  return { mesh, jpeg, error };
}

const TRIFLE = 0.02;
const THIN = 10;
const FINEST = 512;

/** Takes a finer grid where the parts would be few cells wide and the picture knows more of them. */
async function cutOutFinely(finding: Found, grid: number): Promise<Cutout> {
  const cutout = await finding.cutOut(grid);
  const { left, top, right, bottom } = cutout.crop;
  const more = Math.max(right - left, bottom - top) > grid;
  if (!more || grid >= FINEST || meanWidth(cutout.coverage) >= THIN) return cutout;
  return finding.cutOut(Math.min(FINEST, grid * 2));
}

async function makeRelief(picture: Picture, params: Params): Promise<Shape> {
  const { width, height } = gridOf(wholeOf(picture), params.grid);
  const jpeg = paintWhole(picture, params.texture);
  const lightness = lightnessOf(await resample(picture, wholeOf(picture), width, height));
  const mesh = relief(lightness, params);
  return { mesh, jpeg, error: params.error };
}

/** Luma (Rec. 709 weights on sRGB values) on white, 0..1. */
function lightnessOf({ width, height, data }: Picture): Field {
  const luma = new Float32Array(width * height);
  for (let i = 0, o = 0; i < luma.length; i++, o += 4) {
    const alpha = data[o + 3]! / 255;
    const value = (0.2126 * data[o]! + 0.7152 * data[o + 1]! + 0.0722 * data[o + 2]!) / 255;
    luma[i] = value * alpha + 1 - alpha;
  }
  return { width, height, data: luma };
}
