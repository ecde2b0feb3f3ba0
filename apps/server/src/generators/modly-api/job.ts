import { isEnded } from "@modly-runs/contract";

import type { Job, Modly, Reply } from "./modly.ts";
import { pause, slower } from "./pause.ts";
import type { Times } from "./times.ts";

/** How following a job came to an end. */
export type Followed =
  | { readonly kind: "ended"; readonly job: Job }
  /** Modly answers, and does not know the job. Nothing is left of it. */
  | { readonly kind: "forgotten" }
  /** Modly has not said anything of use for too long. The job may still be there. */
  | { readonly kind: "away"; readonly why: string }
  /** Modly wants a token that we don't have. The job may still be there. */
  | { readonly kind: "barred"; readonly why: string }
  /** The signal fired. The job may still be there. */
  | { readonly kind: "aborted" };

interface Following {
  readonly modly: Modly;
  readonly times: Times;
  readonly signal: AbortSignal;
  /** Called with each state that Modly tells, the last one too. */
  readonly onState: (job: Job) => void | Promise<void>;
  /** Called when a poll brought nothing of use. */
  readonly onAway?: (why: string) => void;
}

type Judged = Followed | { readonly kind: "again"; readonly why: string };

function judge(reply: Reply<Job>): Judged {
  if (reply.kind === "ok") return { kind: "ended", job: reply.value };
  if (reply.kind === "refused") {
    if (reply.status === 404) return { kind: "forgotten" };
    if (reply.status === 401 || reply.status === 403) return { kind: "barred", why: reply.why };
  }
  return { kind: "again", why: reply.why };
}

/** Polls a job, quickly at first, until it has ended, is gone, or Modly has been away too long. */
export async function follow(
  id: string,
  { modly, times, signal, onState, onAway }: Following,
): Promise<Followed> {
  let heard = performance.now();
  let wait: number = times.firstPoll;
  while (!signal.aborted) {
    const judged = judge(await modly.job(id));
    if (judged.kind === "ended") {
      heard = performance.now();
      await onState(judged.job);
      if (isEnded(judged.job.status)) return judged;
    } else if (judged.kind === "again") {
      if (performance.now() - heard > times.away) return { kind: "away", why: judged.why };
      onAway?.(judged.why);
    } else {
      return judged;
    }
    await pause(wait, signal);
    wait = slower(wait, times);
  }
  return { kind: "aborted" };
}

/**
 * Stops a job of ours and waits until it has ended. True when nothing is left of it.
 *
 * Modly's cancel kills whatever its model process is doing, so it is asked only while our own job is
 * seen running: a job that waits there behind a person's job is waited for.
 */
export async function stopJob(
  id: string,
  { modly, times, signal }: Pick<Following, "modly" | "times" | "signal">,
): Promise<boolean> {
  const followed = await follow(id, {
    modly,
    times,
    signal,
    async onState(job) {
      if (job.status === "running") await modly.cancel(id);
    },
  });
  if (followed.kind === "ended" && followed.job.status === "cancelled")
    await untilStill(followed.job, id, { modly, times, signal });
  return followed.kind === "ended" || followed.kind === "forgotten";
}

/**
 * Waits until a cancelled job has really stopped, as far as it can be seen.
 *
 * Modly says cancelled at once. A model in its own process that does not look at the cancel goes on,
 * and its progress with it; another job sent meanwhile would share the model with it.
 */
async function untilStill(
  cancelled: Job,
  id: string,
  { modly, times, signal }: Pick<Following, "modly" | "times" | "signal">,
): Promise<void> {
  const began = performance.now();
  let seen = cancelled;
  let moved = began;
  while (!signal.aborted && performance.now() - began < times.drain) {
    if (performance.now() - moved >= times.still) return;
    await pause(Math.min(times.still / 3, times.slowestPoll), signal);
    const reply = await modly.job(id);
    if (reply.kind !== "ok") return;
    const { progress, step } = reply.value;
    if (progress !== seen.progress || step !== seen.step) moved = performance.now();
    seen = reply.value;
  }
}
