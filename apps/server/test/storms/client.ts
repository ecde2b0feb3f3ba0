import { setTimeout as delay } from "node:timers/promises";

import { canBeSeenAfter, isEnded, StrictRun } from "@modly-runs/contract";

import { formOf, type Wish } from "./wishes.ts";

/** A wish with the moment of its cancel. */
export interface TimedWish extends Wish {
  /** Milliseconds after the create's answer; null: it lets the run end by itself. */
  readonly cancelAfter: number | null;
}

/** How a run went, as its client saw it. */
export interface Seen {
  readonly wish: TimedWish;
  readonly run: StrictRun;
  /** What the contract forbids and the client saw. */
  readonly wrong: readonly string[];
  /** Set when a cancel was answered. */
  readonly cancelled: boolean;
}

const RETRY_MS = 50;
const POLL_MS = 60;

/** Asks until there is an answer: the server may be dead at the moment. */
async function insist(url: string, ask: RequestInit, signal: AbortSignal): Promise<Response> {
  for (;;) {
    signal.throwIfAborted();
    try {
      const answer = await fetch(url, { ...ask, signal });
      const body = await answer.arrayBuffer();
      if (answer.status < 500) return new Response(body, answer);
    } catch {
      signal.throwIfAborted();
    }
    await delay(RETRY_MS);
  }
}

/** Creates one run under an idempotency key, again and again until it is answered. */
async function create(url: string, wish: Wish, signal: AbortSignal): Promise<string> {
  for (;;) {
    const form = formOf(wish);
    const ask = { method: "POST", body: form, headers: { "idempotency-key": wish.mark } };
    const answer = await insist(`${url}/workflow-runs/from-image`, ask, signal);
    const body = (await answer.json()) as { run_id?: string; code?: string };
    if (body.run_id !== undefined) return body.run_id;
    // Modly is away at the moment and has taken its models with it, or the first try is still under way.
    if (body.code !== "unknown_model" && body.code !== "create_in_progress")
      throw new Error(`create: ${JSON.stringify(body)}`);
    await delay(RETRY_MS);
  }
}

function wrongBetween(before: StrictRun, after: StrictRun): string[] {
  const wrong: string[] = [];
  if (!canBeSeenAfter(before.status, after.status))
    wrong.push(`${before.status} became ${after.status}`);
  if (after.progress < before.progress)
    wrong.push(`progress fell from ${before.progress} to ${after.progress}`);
  if (isEnded(before.status) && JSON.stringify(before) !== JSON.stringify(after))
    wrong.push("an ended run changed");
  return wrong;
}

/** Creates a run, watches it to its end, cancels it if it wishes so. */
export async function followWish(url: string, wish: TimedWish, signal: AbortSignal): Promise<Seen> {
  const runId = await create(url, wish, signal);
  const cancelAt = wish.cancelAfter === null ? Infinity : performance.now() + wish.cancelAfter;
  const wrong: string[] = [];
  let cancelled = false;
  let before: StrictRun | null = null;
  for (;;) {
    const answer = await insist(`${url}/workflow-runs/${runId}`, {}, signal);
    if (answer.status !== 200) throw new Error(`${runId} reads ${answer.status}`);
    const run = StrictRun.parse(await answer.json());
    if (before) wrong.push(...wrongBetween(before, run));
    if (cancelled && !isEnded(run.status)) wrong.push("active after the answer to its cancel");
    if (isEnded(run.status)) return { wish, run, wrong, cancelled };
    before = run;
    if (performance.now() >= cancelAt) {
      await insist(`${url}/workflow-runs/${runId}/cancel`, { method: "POST" }, signal);
      cancelled = true;
    } else await delay(POLL_MS);
  }
}

/** The mesh of a run, once it is done. */
export async function meshOf(url: string, { output_url }: StrictRun): Promise<Buffer> {
  const answer = await fetch(url + (output_url ?? ""));
  return Buffer.from(await answer.arrayBuffer());
}
