import { Fault, type Mesh, type Outcome } from "../mesh.ts";
import { readGlb } from "./glb.ts";
import { type Beside, readObj } from "./obj.ts";
import { readPly } from "./ply.ts";
import { readStl } from "./stl.ts";

export type { Beside } from "./obj.ts";

/** Every format that is read. An adapter throws a Fault, or anything at all when a library stumbles. */
const READERS = {
  glb: readGlb,
  obj: readObj,
  ply: readPly,
  stl: readStl,
} satisfies Record<string, (bytes: Uint8Array, beside: Beside) => Mesh | Promise<Mesh>>;

/** A format that {@link readMesh} reads. */
export type ReadFormat = keyof typeof READERS;
export const READ_FORMATS = Object.keys(READERS) as [ReadFormat, ...ReadFormat[]];

/**
 * Reads a mesh that somebody else wrote. Nothing in the bytes is believed before it was held against them, and what
 * is too large is refused before it costs memory (see LIMITS).
 *
 * `beside` gives the files that an OBJ names: its material library and textures. STL is taken as millimetres with
 * +Z up, the others as they are: metres with +Y up.
 */
export async function readMesh(
  bytes: Uint8Array,
  format: ReadFormat,
  beside: Beside = () => undefined,
): Promise<Outcome<Mesh>> {
  try {
    return { ok: true, value: await READERS[format](bytes, beside) };
  } catch (cause) {
    const why = cause instanceof Fault ? cause.message : "Its content does not hold together.";
    return { ok: false, why: `This is no ${format.toUpperCase()} that can be read. ${why}` };
  }
}
