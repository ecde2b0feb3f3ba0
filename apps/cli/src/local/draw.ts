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
  { width = 512, yaw = -35, pitch = 15 }: DrawOptions,
): Promise<string | undefined> {
  const extension = path.extname(mesh).slice(1).toLowerCase();
  const format = READ_FORMATS.find((name) => name === extension);
  if (format === undefined)
    return `${mesh} can't be drawn: only ${READ_FORMATS.map((name) => `.${name}`).join(", ")} can.`;
  try {
    const beside: Beside = besideOf(mesh);
    const read = await readMesh(await readFile(mesh), format, beside);
    if (!read.ok) return `${mesh} can't be drawn. ${read.why}`;
    const drawn = await renderMesh(read.value, { width, height: width, yaw, pitch });
    await writeWhole(png, drawn.png);
    return undefined;
  } catch (cause) {
    return `${mesh} can't be drawn into ${png}: ${(cause as Error).message}.`;
  }
}
