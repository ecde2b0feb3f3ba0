import { setTimeout as sleep } from "node:timers/promises";

import { isEnded, type RunStatus } from "@modly-runs/contract";

import type { Behaviour } from "./behaviour.ts";

/** A model of the reference: how many runs it works on at once, and how its generator behaves. */
export interface Model {
  id: string;
  slots: number;
  /** Steps and milliseconds a step, unless the params say otherwise. */
  steps: number;
  stepMs: number;
  fails?: true;
}

/** One table of models; each has slots of its own, so that a queue can be had on demand. */
export const MODELS: readonly Model[] = [
  { id: "ref/fast", slots: 32, steps: 4, stepMs: 20 },
  { id: "ref/fingerprint", slots: 8, steps: 4, stepMs: 20 },
  { id: "ref/fail", slots: 8, steps: 3, stepMs: 20, fails: true },
  { id: "ref/long", slots: 8, steps: 50, stepMs: 100 },
  { id: "ref/single", slots: 1, steps: 50, stepMs: 100 },
];

/** A run as the server knows it; what a client sees of it is `Behaviour.view`. */
export interface StoredRun {
  id: string;
  model: Model;
  params: Record<string, unknown>;
  collection: string;
  image: Buffer;
  status: RunStatus;
  progress: number;
  step: string | null;
  error: string | null;
  /** Path of the mesh below /workspace/, once there is one. */
  file: string | null;
  /** Milliseconds of `performance.now()`. */
  createdAt: number;
  endedAt: number | null;
  reads: number;
  /** Reads that showed its end. */
  endReads: number;
  cancels: number;
  /** Ends the fake generator. */
  stop: AbortController;
}

/** Everything one server holds. Nothing outlives it. */
export interface Lab {
  readonly behaviour: Behaviour;
  readonly runs: Map<string, StoredRun>;
  readonly files: Map<string, Buffer>;
  /** Runs that wait for a slot of their model, oldest first. */
  readonly queues: Map<string, StoredRun[]>;
  readonly busy: Map<string, number>;
  readonly idempotency: Map<string, { request: string; run: StoredRun }>;
  /** Answers that a mutant keeps too long. */
  readonly views: Map<string, { at: number; body: Record<string, unknown> }>;
  /** Numbers that a mutant counts up. */
  readonly counters: Map<string, number>;
  /** Places that all models share; null where each model has its own. */
  readonly places: number | null;
  /** Aborted when the server closes: every wait ends with it. */
  readonly closing: AbortController;
}

export function createLab(behaviour: Behaviour, places: number | null = null): Lab {
  return {
    behaviour,
    places,
    runs: new Map(),
    files: new Map(),
    queues: new Map(),
    busy: new Map(),
    idempotency: new Map(),
    views: new Map(),
    counters: new Map(),
    closing: new AbortController(),
  };
}

/** Adds one to a counter and tells its new value. */
export function count(lab: Lab, name: string): number {
  const value = (lab.counters.get(name) ?? 0) + 1;
  lab.counters.set(name, value);
  return value;
}

/** Waits; false when the server or the run was stopped meanwhile. */
export async function pause(lab: Lab, ms: number, run?: StoredRun): Promise<boolean> {
  const signals = run ? [lab.closing.signal, run.stop.signal] : [lab.closing.signal];
  return sleep(ms, true, { signal: AbortSignal.any(signals) }).catch(() => false);
}

/** Runs something later, unless the server has closed by then. */
export function later(lab: Lab, ms: number, action: () => void): void {
  void pause(lab, ms).then((stillOpen) => stillOpen && action());
}

/** Changes a run that has not ended, and nothing else: an ended run stays as it is. */
export function change(run: StoredRun, patch: Partial<StoredRun>): boolean {
  if (isEnded(run.status)) return false;
  Object.assign(run, patch);
  if (isEnded(run.status)) run.endedAt = performance.now();
  return true;
}

/** Where a model's runs wait and are counted: with those of all models, or by themselves. */
const poolOf = (lab: Lab, model: Model) => (lab.places === null ? model.id : "all models");

/** Puts a run at the end of its model's queue, or where a mutant wants it, and starts what has room. */
export function enqueue(lab: Lab, run: StoredRun, at: "end" | "front" = "end"): void {
  const pool = poolOf(lab, run.model);
  const queue = lab.queues.get(pool) ?? [];
  lab.queues.set(pool, queue);
  if (at === "end") queue.push(run);
  else queue.unshift(run);
  dispatch(lab, run.model);
}

/** Gives free slots to the oldest waiting runs that are still wanted. */
export function dispatch(lab: Lab, model: Model): void {
  const pool = poolOf(lab, model);
  const queue = lab.queues.get(pool) ?? [];
  while (queue.length > 0 && (lab.busy.get(pool) ?? 0) < (lab.places ?? model.slots)) {
    const run = queue.shift();
    if (!run || isEnded(run.status)) continue;
    lab.busy.set(pool, (lab.busy.get(pool) ?? 0) + 1);
    void lab.behaviour.work(lab, run).finally(() => lab.behaviour.release(lab, run));
  }
}

/** Gives a slot back. */
export function giveBack(lab: Lab, model: Model): void {
  const pool = poolOf(lab, model);
  lab.busy.set(pool, (lab.busy.get(pool) ?? 1) - 1);
  dispatch(lab, model);
}

/** The runs that have not ended. */
export function active(lab: Lab): StoredRun[] {
  return [...lab.runs.values()].filter((run) => !isEnded(run.status));
}

/**
 * The one run that is active beside this one, if there is exactly one.
 *
 * Mutants that hurt neighbours ask this, so that scenarios which run side by side are not hit by chance.
 */
export function onlyNeighbour(lab: Lab, run: StoredRun): StoredRun | undefined {
  const [other, ...more] = active(lab).filter((one) => one !== run);
  return more.length === 0 ? other : undefined;
}
