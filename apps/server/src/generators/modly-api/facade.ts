import type {
  GenerateContext,
  GenerateInput,
  GenerateResult,
  Generator,
  ModelDescriptor,
} from "../generator.ts";
import { isPoisoned, maySendAgain } from "./poison.ts";
import { type Handle, readHandle } from "./handle.ts";
import { follow, stopJob } from "./job.ts";
import { fetchMesh } from "./mesh.ts";
import type { Job, Modly } from "./modly.ts";
import { sentence } from "./sentence.ts";
import { keepQuiet, type Strays } from "./strays.ts";
import { LOST, submit } from "./submit.ts";
import type { Times } from "./times.ts";

export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What all models of one Modly share. */
export interface Desk {
  readonly modly: Modly;
  readonly times: Times;
  readonly strays: Strays;
  readonly log: Log;
  /** Fires when the source closes: what still waits lets go. */
  readonly closing: AbortSignal;
}

const failed = (error: string): GenerateResult => ({ ok: false, error });

/** Modly's own word for a failure, cut to a sentence; the whole of it goes to the log. */
function failure(job: Job, fields: object, log: Log): GenerateResult {
  if (job.status === "cancelled")
    return failed("Modly cancelled the job, though not for this run: somebody stopped it there.");
  log.warn({ ...fields, upstream: job.error }, "Modly's job failed");
  const why = job.error == null ? "" : sentence(job.error);
  return failed(why === "" ? "Modly's job failed without a reason." : `Modly's job failed: ${why}`);
}

/** How often a job was sent once more, and when it was sent first, on the clock of `performance.now`. */
interface Sent {
  readonly times: number;
  readonly first: number;
}

/** A model of Modly as a generator: one job there, followed from here. */
export function createFacade(descriptor: ModelDescriptor, desk: Desk): Generator {
  const { modly, times, strays, log, closing } = desk;

  async function take(
    input: GenerateInput,
    context: GenerateContext,
    job: string,
    sent: Sent = { times: 0, first: performance.now() },
  ): Promise<GenerateResult> {
    const { signal } = context;
    let shown: [number, string] = [
      0,
      sent.times === 0
        ? "Sent to Modly"
        : "Sent to Modly once more: a cancel before it had left its model unready",
    ];
    context.onProgress(...shown);
    const followed = await follow(job, {
      modly,
      times,
      signal,
      onState({ status, progress, step }) {
        shown = [
          progress,
          step?.trim() || (status === "pending" ? "Waiting in Modly" : "Generating"),
        ];
        context.onProgress(...shown);
      },
      onAway: () => context.onProgress(shown[0], "Waiting for Modly to answer"),
    });
    if (followed.kind === "aborted") return letGo(job, signal);
    if (followed.kind === "forgotten")
      return failed("Modly has forgotten the job, most likely because it was restarted.");
    if (followed.kind !== "ended") {
      strays.known.add(job);
      return failed(
        followed.kind === "barred"
          ? `Modly no longer lets us in: ${followed.why}.`
          : `Modly has not answered for ${Math.round(times.away / 1000)} seconds: ${followed.why}.`,
      );
    }
    if (
      isPoisoned(followed.job) &&
      strays.shaken.has(descriptor.id) &&
      maySendAgain(sent.times, performance.now() - sent.first) &&
      !signal.aborted
    ) {
      log.warn({ run: input.runId, job, upstream: followed.job.error }, "sent once more");
      return send(input, context, { ...sent, times: sent.times + 1 });
    }
    if (followed.job.status !== "done")
      return failure(followed.job, { run: input.runId, job }, log);
    return fetchMesh(followed.job.output_url, { modly, times, signal, workDir: input.workDir });
  }

  /** A server that stops leaves the job to its next start; everything else ends it. */
  async function letGo(job: string, signal: AbortSignal): Promise<GenerateResult> {
    if (signal.reason !== "stop") {
      strays.known.add(job);
      strays.shaken.add(descriptor.id);
      // Not let go of: the handle has to stay, and the next start tries again.
      if (!(await stopJob(job, { modly, times, signal: closing })))
        throw new Error(`Modly's job ${job} could not be stopped`);
      strays.known.delete(job);
    }
    return failed("The run was stopped.");
  }

  async function begin(handle: Handle, input: GenerateInput, context: GenerateContext) {
    if ("job" in handle) return take(input, context, handle.job);
    if ("sending" in handle) {
      keepQuiet(strays, handle.sending, times);
      return failed(LOST);
    }
    return send(input, context);
  }

  async function send(
    input: GenerateInput,
    context: GenerateContext,
    sent?: Sent,
  ): Promise<GenerateResult> {
    const submitted = await submit(
      { modly, times, strays, modelId: descriptor.id },
      input,
      context,
    );
    return submitted.ok ? take(input, context, submitted.job, sent) : failed(submitted.error);
  }

  return {
    descriptor,
    // Two jobs at once on one of Modly's model processes can swap their results.
    slot: { name: "modly-api", places: 1, graceMs: Number.POSITIVE_INFINITY },
    async generate(input, context) {
      return begin(readHandle(input.remembered), input, context);
    },
    async abandon(remembered) {
      const handle = readHandle(remembered);
      if ("sending" in handle) keepQuiet(strays, handle.sending, times);
      if ("job" in handle) strays.shaken.add(descriptor.id);
      return !("job" in handle) || stopJob(handle.job, { modly, times, signal: closing });
    },
  };
}
