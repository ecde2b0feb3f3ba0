import { isEnded } from "../lifecycle.ts";
import type { Run } from "../run.ts";
import type { Client, CreateOptions } from "./client.ts";
import { type Failure, type Outcome, succeed } from "./outcome.ts";

/** A run from its picture to its mesh. */
export interface RunOptions extends CreateOptions {
  /** A path (Node only) or a stream that the mesh goes to; into memory if left out. */
  to?: string | WritableStream<Uint8Array> | undefined;
  /** Told the run as it is, then each change. */
  onProgress?: ((run: Run) => void) | undefined;
  /** Milliseconds that the server may be away. Default 60,000. */
  patience?: number | undefined;
}

/** A run that is done, and its mesh where it was not written elsewhere. */
export interface Finished {
  run: Run;
  /** The mesh; undefined where `to` was given. */
  mesh: Uint8Array | undefined;
}

/** Creates a run, follows it to its end and fetches its mesh. */
export async function runToEnd(
  client: Client,
  { to, onProgress, patience, ...create }: RunOptions,
): Promise<Outcome<Finished>> {
  const { signal } = create;
  const created = await client.create(create);
  if (!created.ok) return created;
  const runId = created.value.run_id;
  const failed = (failure: Failure): Outcome<never> => ({
    ok: false,
    failure: { ...failure, runId },
  });
  for await (const seen of client.watch(runId, { signal, patience })) {
    if (!seen.ok) return failed(seen.failure);
    const run = seen.value;
    onProgress?.(run);
    if (!isEnded(run.status)) continue;
    if (run.status === "error") return failed({ code: "run_error", message: run.error });
    if (run.status !== "done")
      return failed({ code: "run_cancelled", message: `Run ${runId} was cancelled.` });
    const chunks: Uint8Array[] = [];
    const memory = new WritableStream<Uint8Array>({ write: (bytes) => void chunks.push(bytes) });
    const saved = await client.download(run, to ?? memory, { signal });
    if (!saved.ok) return failed(saved.failure);
    return succeed({ run, mesh: to === undefined ? joined(chunks) : undefined });
  }
  return failed({ code: "unexpected", message: `Run ${runId} went out of sight.` });
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
