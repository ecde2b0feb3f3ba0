import { readFile } from "node:fs/promises";

import type { GenerateContext, GenerateInput } from "../generator.ts";
import { NOTHING, writeHandle } from "./handle.ts";
import { stopJob } from "./job.ts";
import type { Modly } from "./modly.ts";
import { pause, slower } from "./pause.ts";
import { keepQuiet, type Strays } from "./strays.ts";
import type { Times } from "./times.ts";

export type Submitted =
  | { readonly ok: true; readonly job: string }
  | { readonly ok: false; readonly error: string };

export const LOST =
  "Modly was sent this job, but its answer was lost. The job may have run there; it was not sent a second time. Create the run again.";

interface Submitting {
  readonly modly: Modly;
  readonly times: Times;
  readonly strays: Strays;
  readonly modelId: string;
}

const STOPPED: Submitted = { ok: false, error: "The run was stopped before Modly had the job." };

/** Waits until Modly answers and nothing of ours is left running there. Null, or why it can't begin. */
async function clearTheWay(
  { modly, times, strays }: Submitting,
  context: GenerateContext,
): Promise<string | null> {
  const { signal } = context;
  const began = performance.now();
  let wait: number = times.firstPoll;
  while (!signal.aborted) {
    const reply = await modly.models();
    if (reply.kind === "ok") {
      for (const id of strays.known)
        if (await stopJob(id, { modly, times, signal })) strays.known.delete(id);
      if (performance.now() >= strays.quietUntil) return null;
      context.onProgress(0, "Waiting for an earlier job to end in Modly");
    } else {
      if (reply.kind === "refused") return `Modly refused: ${reply.why}.`;
      // A Modly that is gone has taken its jobs with it.
      if (reply.kind === "unreached") strays.quietUntil = 0;
      if (performance.now() - began > times.away)
        return `Modly did not come back within ${Math.round(times.away / 1000)} seconds. Start it and create the run again.`;
      context.onProgress(0, "Waiting for Modly");
    }
    await pause(wait, signal);
    wait = slower(wait, times);
  }
  return null;
}

/**
 * Sends the job once, and stores its id.
 *
 * The intent is stored before anything is sent and the id before anything else is done with it, so
 * that a crash at any point is found out afterwards and never answered with a second submission.
 */
export async function submit(
  submitting: Submitting,
  { imagePath, collection, params }: GenerateInput,
  context: GenerateContext,
): Promise<Submitted> {
  const { modly, strays, times, modelId } = submitting;
  const image = await readFile(imagePath);
  for (;;) {
    const hindrance = await clearTheWay(submitting, context);
    if (context.signal.aborted) return STOPPED;
    if (hindrance !== null) return { ok: false, error: hindrance };

    context.onProgress(0, "Sending the picture to Modly");
    await context.remember(writeHandle({ sending: Date.now() }));
    // A cancel does not cut this short: only the answer tells which job to cancel.
    const reply = await modly.submit({ image, modelId, collection, params });
    if (reply.kind === "ok") {
      await context.remember(writeHandle({ job: reply.value }));
      return { ok: true, job: reply.value };
    }
    if (reply.kind === "refused" && reply.status < 500) {
      await context.remember(writeHandle(NOTHING));
      return { ok: false, error: `Modly refused the job: ${reply.why}.` };
    }
    if (reply.kind !== "unreached") {
      keepQuiet(strays, Date.now(), times);
      const error = reply.kind === "refused" ? `Modly failed on the job: ${reply.why}.` : LOST;
      return { ok: false, error };
    }
    await context.remember(writeHandle(NOTHING));
    await pause(times.firstPoll, context.signal);
  }
}
