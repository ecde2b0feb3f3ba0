import { isEnded, type Run } from "@modly-runs/contract";
import {
  type Client,
  fail,
  type Failure,
  isPassing,
  type Outcome,
  succeed,
} from "@modly-runs/contract/client";

import {
  type DoStep,
  failed,
  made,
  nameOf,
  number,
  type StepContext,
  type StepOutcome,
  text,
} from "../step.ts";

/** Bytes of a mesh: it is held in memory while it is looked at. */
const MOST_MESH = 512 * 1024 ** 2;

/** A run on a server of the contract. Sent again after a crash, the create gives the run that it made before. */
export const generate: DoStep = async (context) => {
  const { params, inputs, world } = context;
  const client = await world.server(params["server"] as string | undefined);
  if (typeof client === "string") return failed(client, true);
  const image = await context.read(inputs["image"]![0]);
  const created = await create(client, context, image);
  if (!created.ok) return refused(created.failure);
  const runId = created.value;
  await context.begun(runId);
  const followed = await follow(client, context, runId);
  if (!followed.ok)
    return { ...refused(followed.failure), seconds: await spent(client, runId, context) };
  const run = followed.value;
  const seconds = secondsOf(run);
  if (run.status === "error") return failed(run.error, false, seconds);
  if (run.status !== "done")
    return failed(`The run ${runId} was cancelled on the server.`, false, seconds);
  const fetched = await fetchMesh(client, context, run);
  if (!fetched.ok) return { ...refused(fetched.failure), seconds };
  const mesh = await context.keep(fetched.value, {
    type: "mesh",
    format: "glb",
    name: nameOf(context),
  });
  return made({ mesh, run_id: text(runId), seconds: number(seconds) }, seconds);
};

/** Sends the create until there is an answer: without one nobody knows whether the run was made. */
async function create(
  client: Client,
  context: StepContext,
  image: Uint8Array,
): Promise<Outcome<string>> {
  const { params, idempotencyKey, signal } = context;
  return untilItPasses(context, async () => {
    const created = await client.create({
      image,
      modelId: params["model"] as string,
      params: params["params"] as Record<string, unknown>,
      collection: params["collection"] as string | undefined,
      idempotencyKey,
      signal,
    });
    return created.ok ? succeed(created.value.run_id) : created;
  });
}

/** Fetches what a run made. A server that goes away meanwhile still has it when it is back. */
async function fetchMesh(client: Client, context: StepContext, run: Run): Promise<Outcome<Buffer>> {
  return untilItPasses(context, async () => {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    const sink = new WritableStream<Uint8Array>({
      write(chunk) {
        bytes += chunk.length;
        if (bytes > MOST_MESH) throw new RangeError("too large");
        chunks.push(chunk);
      },
    });
    const saved = await client.download(run, sink, { signal: context.signal });
    if (bytes > MOST_MESH)
      return fail("unexpected", `The server's mesh has more than ${MOST_MESH} bytes.`);
    return saved.ok ? succeed(Buffer.concat(chunks)) : saved;
  });
}

/** Asks again while the server may only be away. */
async function untilItPasses<T>(
  { signal, world }: StepContext,
  ask: () => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const since = Date.now();
  for (let pause = 250; ; pause = Math.min(pause * 2, 5000)) {
    const outcome = await ask();
    if (outcome.ok) return outcome;
    const { failure } = outcome;
    const again = isPassing(failure) || failure.reason === "create_in_progress";
    if (!again || signal.aborted || Date.now() - since > world.patience) return outcome;
    await rest(Math.max(pause, Math.min(failure.retryAfter ?? 0, 30) * 1000), signal);
  }
}

async function follow(
  client: Client,
  { signal, world, progress }: StepContext,
  runId: string,
): Promise<Outcome<Run>> {
  let cancelled: Promise<unknown> = Promise.resolve();
  const stop = () => {
    // Who only leaves comes back for it.
    if (signal.reason !== "leave") cancelled = client.cancel(runId);
  };
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    for await (const seen of client.watch(runId, { signal, patience: world.patience })) {
      if (!seen.ok) return seen;
      const run = seen.value;
      if (isEnded(run.status)) return succeed(run);
      progress(run.progress, run.step ?? run.status);
    }
    return fail("unexpected", `The run ${runId} went out of sight.`);
  } finally {
    signal.removeEventListener("abort", stop);
    // The process may go when the step is over: the server has to have heard of it by then.
    await cancelled;
  }
}

/** A refusal is final; what may pass, or what the server lost, is worth another try. */
function refused(failure: Failure): StepOutcome {
  const { code, message } = failure;
  return failed(message, (code === "refused" || code === "unexpected") && !isPassing(failure));
}

/** What a run that was stopped had taken by then. Who only leaves comes back for it. */
async function spent(
  client: Client,
  runId: string,
  { signal }: StepContext,
): Promise<number | undefined> {
  if (!signal.aborted || signal.reason === "leave") return undefined;
  const stopped = await client.get(runId);
  return stopped.ok ? secondsOf(stopped.value) : undefined;
}

/** Seconds between the run's start and its end, where the server tells them. */
function secondsOf(run: Run): number {
  const { started_at: from, finished_at: to } = run as Record<string, unknown>;
  const seconds = (Date.parse(String(to)) - Date.parse(String(from))) / 1000;
  return Number.isFinite(seconds) ? seconds : 0;
}

function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done, { once: true });
  });
}
