import type { Run } from "../run.ts";
import { type Connection, open, type Wire } from "./connection.ts";
import { fail, type Failure, type Outcome, succeed } from "./outcome.ts";
import { chunksOf } from "./stream.ts";

/** Milliseconds without a byte after which a download counts as broken. */
const SILENCE = 60_000;
/** How often a broken download is taken up without a byte more, and milliseconds before the first of these. */
const TRIES = 6;
const PAUSE = 250;

/** Where the bytes of a file go, one after the other. */
export interface Sink {
  /** Throws when it can't. */
  write(bytes: Uint8Array): Promise<void>;
  /** What an earlier attempt left of this source; undefined if nothing. */
  earlier?(source: string): Promise<Earlier | undefined>;
  /** Told before the first byte what comes, so that the next attempt knows it again. */
  begins?(source: string, etag: string): Promise<void>;
  /** The source is another now: what was written goes. Without it that is the end. */
  restart?(): Promise<void>;
}

/** The beginning of a file that is here already. */
export interface Earlier {
  bytes: number;
  /** The first of them, twelve at most. */
  head: Uint8Array;
  etag: string;
}

/** Fetches the mesh of a run that is done and checks on the way that it is whole. */
export async function fetchMesh(
  wire: Wire,
  run: Run,
  sink: Sink,
  signal: AbortSignal | undefined,
): Promise<Outcome<{ bytes: number }>> {
  if (run.status !== "done") return notDone(run);
  const path = urlPath(run.output_url);
  const isGlb = path.toLowerCase().endsWith(".glb");
  return fetchFile(wire, { path, name: run.output_url, isGlb, signal }, sink);
}

/** Fetches the mesh of a run that is done in another format. */
export async function exportMesh(
  wire: Wire,
  run: Run,
  sink: Sink,
  {
    format,
    sizeMm,
    signal,
  }: { format: string; sizeMm: number | undefined; signal: AbortSignal | undefined },
): Promise<Outcome<{ bytes: number }>> {
  if (run.status !== "done") return notDone(run);
  const query = new URLSearchParams({ path: run.scene_candidate.workspace_path });
  if (sizeMm !== undefined) query.set("size_mm", String(sizeMm));
  const path = `/export/${encodeURIComponent(format)}?${query.toString()}`;
  return fetchFile(wire, { path, name: path, isGlb: false, signal }, sink);
}

/** Closes a stream at the end of what fills it, or aborts it when that fails. */
export async function intoStream<T>(
  to: WritableStream<Uint8Array>,
  fill: (sink: Sink) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const writer = to.getWriter();
  const outcome = await fill({ write: (bytes) => writer.write(bytes) });
  try {
    await (outcome.ok ? writer.close() : writer.abort(outcome.failure.message));
  } catch (cause) {
    if (outcome.ok) return fail("local_file", "The mesh can't be written to its end.", { cause });
  }
  return outcome;
}

function notDone({ run_id, status }: Run): Outcome<never> {
  return fail("not_done", `Run ${run_id} has no mesh, it is ${status}.`);
}

/** What is fetched, and how much of it is here. */
interface Fetching {
  path: string;
  name: string;
  isGlb: boolean;
  signal: AbortSignal | undefined;
  head: GlbHead | undefined;
  bytes: number;
  /** Of the whole file, where the server told. */
  promised: number | undefined;
  etag: string | null;
}

async function fetchFile(
  wire: Wire,
  what: Pick<Fetching, "path" | "name" | "isGlb" | "signal">,
  sink: Sink,
): Promise<Outcome<{ bytes: number }>> {
  const at: Fetching = { ...what, ...nothingOf(what) };
  const earlier = await sink.earlier?.(at.path);
  if (earlier) {
    at.bytes = earlier.bytes;
    at.etag = earlier.etag;
    at.head?.take(earlier.head);
  }
  for (let tries = 0; ;) {
    const before = at.bytes;
    const failure = await fetchRest(wire, at, sink);
    if (!failure) break;
    tries = at.bytes > before ? 1 : tries + 1;
    // Only a file that the server can name again is taken up in its middle.
    const resumable = failure.code === "unreachable" && at.bytes > 0 && at.etag !== null;
    if (!resumable || tries > TRIES) return { ok: false, failure };
    await new Promise((resolve) => setTimeout(resolve, PAUSE * 2 ** (tries - 1)));
  }
  const { head, bytes } = at;
  if (head && !head.isGlb)
    return fail("broken_mesh", `What the server sent as ${at.name} is no binary glTF.`);
  const expected = head?.length ?? at.promised;
  if (expected !== undefined && expected !== bytes)
    return fail("broken_mesh", `The mesh is incomplete: ${bytes} of ${expected} bytes came.`);
  return succeed({ bytes });
}

const nothingOf = ({ isGlb }: Pick<Fetching, "isGlb">) => ({
  bytes: 0,
  etag: null,
  promised: undefined,
  head: isGlb ? new GlbHead() : undefined,
});

/** Fetches what is missing, from the beginning or by Range; undefined when the body came to its end. */
async function fetchRest(wire: Wire, at: Fetching, sink: Sink): Promise<Failure | undefined> {
  const { path, signal } = at;
  const resumes = at.bytes > 0 && at.etag !== null;
  const headers: Record<string, string> = resumes
    ? { range: `bytes=${at.bytes}-`, "if-range": at.etag! }
    : {};
  const opened = await open(wire, { path, signal, silence: SILENCE, headers });
  // There is nothing behind what is here: it was whole, or is another file's.
  const isOver = !opened.ok && opened.failure.status === 416;
  if (!opened.ok && !(isOver && resumes && sink.restart)) return opened.failure;
  if (resumes && (!opened.ok || opened.value.response.status !== 206)) {
    if (opened.ok) opened.value.close();
    if (!sink.restart)
      return { code: "broken_mesh", message: `${at.name} changed while it was fetched.` };
    await sink.restart();
    Object.assign(at, nothingOf(at));
    return fetchRest(wire, at, sink);
  }
  if (!opened.ok) return opened.failure;
  const connection = opened.value;
  try {
    const { response } = connection;
    at.promised ??= promisedLength(response);
    if (!resumes) {
      const etag = response.headers.get("etag");
      at.etag = etag?.startsWith('"') ? etag : null;
      if (at.etag !== null) await sink.begins?.(path, at.etag);
    }
    return await take(connection, at, sink);
  } finally {
    connection.close();
  }
}

async function take(
  { response, heard, broke }: Connection,
  at: Fetching,
  sink: Sink,
): Promise<Failure | undefined> {
  const chunks = chunksOf(response);
  for (;;) {
    let next: IteratorResult<Uint8Array, void>;
    try {
      next = await chunks.next();
    } catch (cause) {
      return broke(cause);
    }
    if (next.done) return undefined;
    heard();
    at.bytes += next.value.length;
    at.head?.take(next.value);
    if (at.head?.isOther) return undefined;
    try {
      await sink.write(next.value);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      return { code: "local_file", message: `The mesh can't be written: ${why}.`, cause };
    }
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

/** The length of the whole file. A compressed body's length is not that. */
function promisedLength({ status, headers }: Response): number | undefined {
  if (headers.has("content-encoding")) return undefined;
  const length =
    status === 206
      ? /\/(\d+)$/.exec(headers.get("content-range") ?? "")?.[1]
      : headers.get("content-length");
  return length == null ? undefined : Number(length);
}
