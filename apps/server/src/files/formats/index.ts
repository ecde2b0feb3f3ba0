import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";

import type { ExportFormat } from "@modly-runs/contract/companion";

import { writeObj } from "./obj.ts";
import { writePly } from "./ply.ts";
import { writeStl } from "./stl.ts";
import { type Part, readParts } from "./triangles.ts";

const WRITERS: Record<
  Exclude<ExportFormat, "glb">,
  (parts: readonly Part[]) => Iterable<string | Buffer>
> = {
  obj: writeObj,
  stl: writeStl,
  ply: writePly,
};

/**
 * Writes a binary glTF in a simpler format, as a stream: a large mesh does not hold up the server.
 *
 * Undefined when the file can't be read as binary glTF, or has no triangles.
 */
export async function convertMesh(
  file: string,
  format: keyof typeof WRITERS,
): Promise<Readable | undefined> {
  let parts: Part[];
  try {
    parts = await readParts(await readFile(file));
  } catch {
    return undefined;
  }
  return parts.length === 0 ? undefined : Readable.from(WRITERS[format](parts));
}
