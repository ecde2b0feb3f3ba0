import type { Run } from "../run.ts";
import { open, type Wire } from "./connection.ts";
import { fail, type Failure, type Outcome, succeed } from "./outcome.ts";
import { chunksOf } from "./stream.ts";

/** Milliseconds without a byte after which a download counts as broken. */
const SILENCE = 60_000;

/** Takes the bytes of a mesh one after the other. Throws when it can't. */
export type Write = (bytes: Uint8Array) => Promise<void>;

/** Fetches the mesh of a run that is done and checks on the way that it is whole. */
export async function fetchMesh(
  wire: Wire,
  run: Run,
  write: Write,
  signal: AbortSignal | undefined,
): Promise<Outcome<{ bytes: number }>> {
  if (run.status !== "done") {
    return fail("not_done", `Run ${run.run_id} has no mesh, it is ${run.status}.`);
  }
  const opened = await open(wire, { path: urlPath(run.output_url), signal, silence: SILENCE });
  if (!opened.ok) return opened;
  const { response, heard, broke, close } = opened.value;
  const promised = promisedLength(response);
  const head = run.output_url.toLowerCase().endsWith(".glb") ? new GlbHead() : undefined;
  let bytes = 0;
  let failure: Failure | undefined;
  try {
    const chunks = chunksOf(response);
    while (!failure) {
      const next = await chunks.next();
      if (next.done) break;
      heard();
      bytes += next.value.length;
      head?.take(next.value);
      if (head?.isOther) break;
      failure = await written(write, next.value);
    }
  } catch (cause) {
    failure = broke(cause);
  } finally {
    close();
  }
  if (failure) return { ok: false, failure };
  if (head && !head.isGlb) {
    return fail("broken_mesh", `What the server sent as ${run.output_url} is no binary glTF.`);
  }
  const expected = head?.length ?? promised;
  if (expected !== undefined && expected !== bytes) {
    return fail("broken_mesh", `The mesh is incomplete: ${bytes} of ${expected} bytes came.`);
  }
  return succeed({ bytes });
}

async function written(write: Write, bytes: Uint8Array): Promise<Failure | undefined> {
  try {
    await write(bytes);
    return undefined;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    return { code: "local_file", message: `The mesh can't be written: ${why}.`, cause };
  }
}

/** The first 12 bytes of a binary glTF: its magic word, its version, the length of the whole file. */
class GlbHead {
  #bytes: number[] = [];

  take(bytes: Uint8Array): void {
    if (this.#bytes.length < 12) this.#bytes.push(...bytes.subarray(0, 12 - this.#bytes.length));
  }

  get isGlb(): boolean {
    return this.#bytes.length === 12 && !this.isOther;
  }

  /** Already known not to be one, however much is still to come. */
  get isOther(): boolean {
    return this.#bytes.slice(0, 4).some((byte, i) => byte !== "glTF".charCodeAt(i));
  }

  get length(): number {
    return new DataView(Uint8Array.from(this.#bytes).buffer).getUint32(8, true);
  }
}

/** Names of other servers' files may hold what a URL would take for its own. */
function urlPath(outputUrl: string): string {
  return outputUrl.replaceAll("?", "%3F").replaceAll("#", "%23");
}

/** A compressed body's length is not that of the file. */
function promisedLength({ headers }: Response): number | undefined {
  const length = headers.get("content-length");
  return length === null || headers.has("content-encoding") ? undefined : Number(length);
}
