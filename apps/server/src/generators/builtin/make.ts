import { writeFile } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { choose, type Choice } from "./methods/auto.ts";
import { METHODS } from "./methods/index.ts";
import { isRefusal, type Body, type Sight } from "./methods/method.ts";
import { MODELS, type ModelId } from "./models.ts";
import { networksOf, type NetworkFiles } from "./networks/index.ts";
import { writeGlb } from "./paint/glb.ts";
import { USUAL_SIZE, type Params } from "./params.ts";
import { alphaUse } from "./picture/alpha.ts";
import { findForeground, type Finding } from "./picture/cutout.ts";
import { squared } from "./picture/pixels.ts";
import { readPicture, refuse, type Refusal } from "./picture/picture.ts";
import { stand } from "./surface/mesh.ts";
import { simplify } from "@modly-runs/mesh/simplify";

/** One picture to one mesh: all that a child process is told. */
export interface Job {
  readonly model: ModelId;
  readonly imagePath: string;
  readonly params: Params;
  /** Where the mesh goes. */
  readonly meshPath: string;
  /** Models that see what the picture is of, where some are installed. */
  readonly networks?: NetworkFiles;
}

export type Made = { readonly ok: true } | Refusal;

/** What a child that makes meshes is ordered, tells at each stage that begins (`percent` 0..100), and answers. */
export interface Making {
  readonly order: Job;
  readonly news: { readonly percent: number; readonly step: string };
  readonly made: Made;
}

type Tell = (percent: number, step: string) => void;

/** Lets the painting take its next step before this thread is busy again: what is ready is heard in the second turn. */
async function letOthersRun(): Promise<void> {
  await setImmediate();
  await setImmediate();
}

/** Turns a picture into a GLB file. Refusals are results; anything thrown is a fault. */
export async function make(job: Job, tell: Tell): Promise<Made> {
  const { params } = job;
  const { method: asked, params: declared } = MODELS[job.model];
  tell(0, "Reading the picture");
  const read = await readPicture(job.imagePath, Math.max(2048, params.texture));
  if (!read.ok) return read;
  const picture = squared(read.picture);

  tell(15, "Looking at the picture");
  const alpha = alphaUse(picture);
  if (alpha.invisible) {
    return refuse(
      "Nothing can be seen: the picture is fully transparent. Use one with something in it.",
    );
  }
  let [quick, thorough]: (Promise<Finding> | undefined)[] = [];
  const { mask, depth } = networksOf(job.networks);
  const sight: Sight = {
    picture,
    ...(depth && { depth: () => depth(picture) }),
    foreground(speed) {
      const find = (hard: boolean): Promise<Finding> =>
        findForeground(picture, alpha, { fill: params.fill, thorough: hard, mask });
      if (speed === "quick") return thorough ?? (quick ??= find(false));
      return (thorough ??= find(true));
    },
  };
  const choice: Choice =
    asked === "auto" ? await choose(sight) : { method: asked, because: "as asked", instead: [] };

  const instead = choice.instead.length > 0 ? `; or ask for ${choice.instead.join(" or ")}` : "";
  tell(30, `Building the surface: ${choice.method}, ${choice.because}${instead}`);
  const shape = await METHODS[choice.method](sight, { ...params, ...choice.params });
  if (isRefusal(shape)) return shape;

  tell(60, "Simplifying the surface");
  await letOthersRun();
  const bodies: Body[] = shape.bodies.map((body) => ({
    ...body,
    mesh: simplify(body.mesh, body.error),
  }));
  stand(
    bodies.map(({ mesh }) => mesh.positions),
    params.size_mm === 0 ? 1 : params.size_mm / 1000,
  );

  tell(75, "Painting the texture");
  const painted = await Promise.all(
    bodies.map(async ({ name, mesh, paint }) => ({
      name,
      mesh,
      paint: "jpeg" in paint ? { jpeg: await paint.jpeg } : paint,
    })),
  );

  tell(90, "Writing the mesh");
  const extras = {
    model: job.model,
    method: choice.method,
    because: choice.because,
    ...(choice.instead.length > 0 && { instead: choice.instead }),
    size_mm: params.size_mm === 0 ? USUAL_SIZE : params.size_mm,
    rests_on: shape.restsOn,
    params: Object.fromEntries(declared.map((name) => [name, params[name]])),
    ...shape.notes,
  };
  await writeFile(job.meshPath, await writeGlb(painted, extras));
  return { ok: true };
}
