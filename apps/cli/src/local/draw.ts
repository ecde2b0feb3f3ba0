import { readFile } from "node:fs/promises";
import path from "node:path";

import { type Beside, READ_FORMATS, readMesh } from "@modly-runs/mesh";
import { renderMesh } from "@modly-runs/mesh/render";

import { besideOf } from "./beside.ts";
import { writeWhole } from "./whole-file.ts";

export interface DrawOptions {
  width?: number | undefined;
  yaw?: number | undefined;
  pitch?: number | undefined;
}

/** Draws a mesh from a file into a PNG. Gives a sentence when that can't be. */
export async function draw(
  mesh: string,
  png: string,
  options: DrawOptions,
): Promise<string | undefined> {
  try {
    return await drawBytes(await readFile(mesh), mesh, png, options, besideOf(mesh));
  } catch (cause) {
    return `${mesh} can't be read: ${(cause as Error).message}.`;
  }
}

/** Draws a mesh into a PNG; the format is that of its name. Gives a sentence when that can't be. */
export async function drawBytes(
  bytes: Uint8Array,
  name: string,
  png: string,
  { width = 512, yaw = -35, pitch = 15 }: DrawOptions = {},
  beside?: Beside,
): Promise<string | undefined> {
  const extension = path.extname(name).slice(1).toLowerCase();
  const format = READ_FORMATS.find((known) => known === extension);
  if (format === undefined)
    return `${name} can't be drawn: only ${READ_FORMATS.map((known) => `.${known}`).join(", ")} can.`;
  const read = await readMesh(bytes, format, beside);
  if (!read.ok) return `${name} can't be drawn. ${read.why}`;
  const drawn = await renderMesh(read.value, { width, height: width, yaw, pitch });
  try {
    await writeWhole(png, drawn.png);
    return undefined;
  } catch (cause) {
    return `${png} can't be written: ${(cause as Error).message}.`;
  }
}
