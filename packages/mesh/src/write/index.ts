import type { Format } from "../formats.ts";
import type { Mesh } from "../mesh.ts";
import { writeGlb } from "./glb.ts";
import { type BesideFile, writeObj } from "./obj.ts";
import { writePly } from "./ply.ts";
import { PRINT_SIZE_MM } from "./print.ts";
import { writeStl } from "./stl.ts";
import { write3mf } from "./three-mf.ts";

export interface WriteOptions {
  /** Millimetres of the longest side, for formats that are printed; else what the mesh says, else 100. */
  readonly sizeMm?: number | undefined;
  /** OBJ only: the file's name without its extension. With it, materials and textures come beside the mesh. */
  readonly name?: string | undefined;
}

/** A mesh in a format. */
export interface Written {
  readonly main: Uint8Array;
  /** Files that the main one names, to lie in the same folder. */
  readonly beside: readonly BesideFile[];
}

/** Writes a mesh in a format. */
export async function writeMesh(
  mesh: Mesh,
  format: Format,
  { sizeMm = mesh.sizeMm ?? PRINT_SIZE_MM, name }: WriteOptions = {},
): Promise<Written> {
  if (format === "obj") return writeObj(mesh, name);
  const alone = (main: Uint8Array): Written => ({ main, beside: [] });
  switch (format) {
    case "glb":
      return alone(await writeGlb(mesh));
    case "stl":
      return alone(writeStl(mesh, sizeMm));
    case "ply":
      return alone(writePly(mesh));
    case "3mf":
      return alone(write3mf(mesh, sizeMm));
  }
}
