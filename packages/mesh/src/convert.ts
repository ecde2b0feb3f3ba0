import type { Outcome } from "./mesh.ts";
import { type Beside, type ReadFormat, readMesh } from "./read/index.ts";
import type { Format } from "./formats.ts";
import { writeMesh, type WriteOptions, type Written } from "./write/index.ts";

/** Which format the bytes have, and which they are to have. */
export interface ConvertOptions extends WriteOptions {
  readonly from: ReadFormat;
  readonly to: Format;
  /** The files that an OBJ names. */
  readonly beside?: Beside | undefined;
}

/** Bytes in one format become bytes in another. GLB to GLB is left as it is, whatever else is in it. */
export async function convert(
  bytes: Uint8Array,
  { from, to, beside, ...options }: ConvertOptions,
): Promise<Outcome<Written>> {
  const read = await readMesh(bytes, from, beside);
  if (!read.ok) return read;
  const written =
    from === "glb" && to === "glb"
      ? { main: bytes, beside: [] }
      : await writeMesh(read.value, to, options);
  return { ok: true, value: written };
}
