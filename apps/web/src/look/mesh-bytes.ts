import type { Run } from "@modly-runs/contract";
import { type Outcome, succeed } from "@modly-runs/contract/client";

import type { Api } from "../server/api.ts";

/** Meshes kept in memory, in bytes, so that looking back and forth does not fetch again. */
const ROOM = 96 * 1024 ** 2;
const kept = new Map<string, ArrayBuffer>();

/** The mesh of a run that is done, whole. */
export async function meshOf(
  api: Api,
  run: Run,
  signal: AbortSignal,
): Promise<Outcome<ArrayBuffer>> {
  const earlier = kept.get(run.run_id);
  if (earlier) return succeed(earlier);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const into = new WritableStream<Uint8Array>({
    write: (chunk) => void chunks.push(chunk as Uint8Array<ArrayBuffer>),
  });
  const fetched = await api.download(run, into, { signal });
  if (!fetched.ok) return fetched;
  const bytes = await new Blob(chunks).arrayBuffer();
  kept.set(run.run_id, bytes);
  let held = 0;
  for (const [id, { byteLength }] of [...kept].toReversed()) {
    held += byteLength;
    if (held > ROOM && id !== run.run_id) kept.delete(id);
  }
  return succeed(bytes);
}
