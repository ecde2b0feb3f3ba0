import { open, realpath, stat } from "node:fs/promises";
import path from "node:path";

import { undefinedIfAbsent } from "./absent.ts";

/** The header of a binary glTF: magic, version 2, length, as little-endian 32-bit words (glTF 2.0, chapter 4.4). */
const GLB_MAGIC = 0x46546c67;
const GLB_HEADER_BYTES = 12;

/** What is wrong with the mesh a generator says it wrote, or undefined when it may be published. */
export async function faultOfMesh(file: string, workDir: string): Promise<string | undefined> {
  const missing = "finished without writing its mesh";
  const real = await realpath(file).catch(undefinedIfAbsent);
  if (real === undefined) return missing;
  const inside = path.relative(await realpath(workDir), real);
  if (inside.startsWith("..") || path.isAbsolute(inside))
    return "wrote its mesh outside its own directory";
  // To open a pipe is to wait for its other end.
  if (!(await stat(real).catch(undefinedIfAbsent))?.isFile()) return missing;
  const handle = await open(real, "r");
  try {
    const { size } = await handle.stat();
    if (size === 0) return "wrote an empty mesh";
    if (path.extname(real).toLowerCase() !== ".glb") return undefined;
    const header = Buffer.alloc(GLB_HEADER_BYTES);
    await handle.read(header, 0, GLB_HEADER_BYTES, 0);
    const [magic, version, length] = [0, 4, 8].map((at) => header.readUInt32LE(at));
    return magic === GLB_MAGIC && version === 2 && length === size
      ? undefined
      : "wrote a file that is not a whole binary glTF";
  } finally {
    await handle.close();
  }
}
