import { randomUUID } from "node:crypto";

import { canBecome, COMPLETED, isEnded } from "@modly-runs/contract";

import type { Generator } from "../generators/generator.ts";
import type { Registry } from "../generators/registry.ts";
import type { Log } from "../log.ts";
import type { RunQueue } from "../queues/run-queue.ts";
import type { Idempotency, RunChange, RunRow, RunStore } from "../stores/run-store.ts";
import type { Changes } from "./changes.ts";
import type { Leftovers } from "./leftovers.ts";

/** What a create asks for, checked. */
export interface RunRequest {
  readonly modelId: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly collection: string;
  readonly upload: string;
  readonly idempotency: Idempotency | null;
}

export type CreateResult =
  | { readonly kind: "created" | "repeated"; readonly runId: string }
  | { readonly kind: "mismatch" | "full" | "unknown_model" };

export interface RunsDeps {
  readonly store: RunStore;
  readonly queue: RunQueue;
  readonly registry: Registry;
  readonly changes: Changes;
  readonly leftovers: Leftovers;
  readonly maxPending: number;
  /** Names this process, as the owner of what it works on. */
  readonly self: string;
  readonly log: Log;
  readonly now?: () => number;
}

/**
 * The life of runs: the only place where a status changes. Every change is a compare-and-set, so of
 * two that race one wins, whichever process they come from.
 */
export interface Runs {
  create(request: RunRequest): Promise<CreateResult>;
  /** What an earlier create under this key makes of a later one; undefined when there was none. */
  earlier(idempotency: Idempotency): Promise<CreateResult | undefined>;
  get(runId: string): Promise<RunRow | undefined>;
  /** What it was created with. */
  paramsOf(runId: string): Promise<RunRequest["params"] | undefined>;
  /** True when the run was there, and went by a setting. */
  isRetired(runId: string): Promise<boolean>;
  /** Ends an active run as `cancelled`; leaves an ended one alone. Gives the row as it is then. */
  cancel(runId: string): Promise<RunRow | undefined>;
  /** Tells of each stored change from now on. */
  watch(runId: string, listener: (row: RunRow) => void): () => void;
  /** How many wait before it, or null when it does not wait. */
  position(row: RunRow): Promise<number | null>;
  /** True when a create would be refused for want of room. Only a hint: `create` decides. */
  isFull(): Promise<boolean>;

  /** Gives a run that waits its place in the queue, if it has none. What fails now is done later. */
  queue(row: RunRow, generator: Pick<Generator, "slot">): Promise<void>;
  /** pending -> running, or the next attempt of a run that was cut off. This process owns it then. */
  begin(row: RunRow): Promise<RunRow | undefined>;
  /** Stores something about a run that keeps its status. */
  note(row: RunRow, change: Omit<RunChange, "status">): Promise<RunRow | undefined>;
  /** running -> done. The mesh is in its place already. */
  finish(row: RunRow): Promise<RunRow | undefined>;
  /** -> error, with one sentence for a person. */
  fail(row: RunRow, sentence: string): Promise<RunRow | undefined>;
}

/** What `step` says of a run that waits for another attempt. */
export const WAITING_TO_RESUME = "Waiting to resume";

export function createRuns(deps: RunsDeps): Runs {
  const { store, queue, registry, changes, leftovers, maxPending, self, log } = deps;
  const { now = Date.now } = deps;
  // A clock that is set back must not make a run end before it began.
  const endOf = (row: RunRow) => Math.max(now(), row.startedAt ?? row.createdAt);

  async function change(row: RunRow, wanted: RunChange): Promise<RunRow | undefined> {
    if (wanted.status && wanted.status !== row.status && !canBecome(row.status, wanted.status))
      throw new Error(`a run can't go from ${row.status} to ${wanted.status}`);
    const changed = await store.change(row, wanted);
    // Of an ended run nothing that shows changes any more.
    if (changed && !isEnded(row.status)) changes.publish(changed);
    return changed;
  }

  const missed = (runId: string) => (cause: unknown) =>
    log.warn({ run_id: runId, err: cause }, "the queue did not take it; the row says the same");

  async function enqueue(
    { runId, modelId }: RunRow,
    { slot }: Pick<Generator, "slot">,
  ): Promise<void> {
    await queue.add({ runId, modelId, slot }).catch(missed(runId));
  }

  return {
    async create(request) {
      const generator = await registry.choose(request.modelId);
      if (!generator) return { kind: "unknown_model" };
      const outcome = await store.create(
        { runId: randomUUID(), createdAt: now(), ...request },
        maxPending,
      );
      if (outcome.kind !== "created") return outcome;
      await enqueue(outcome.row, generator);
      return { kind: "created", runId: outcome.row.runId };
    },

    async earlier({ key, digest }) {
      const found = await store.findByKey(key);
      if (!found) return undefined;
      return found.digest === digest
        ? { kind: "repeated", runId: found.runId }
        : { kind: "mismatch" };
    },

    get: (runId) => store.get(runId),
    isRetired: (runId) => store.retirement.isRetired(runId),
    paramsOf: (runId) => store.paramsOf(runId),

    async cancel(runId) {
      for (;;) {
        const row = await store.get(runId);
        if (!row || isEnded(row.status)) return row;
        const cancelled = await change(row, { status: "cancelled", finishedAt: endOf(row) });
        if (!cancelled) continue; // somebody was first: look again
        // The answer need not wait for either. A job whose run has ended is dropped.
        queue.remove(row).catch(missed(runId));
        // Nobody is at it, so nobody else would clear up behind it.
        if (row.owner === null) leftovers.later(runId, "abandon");
        return cancelled;
      }
    },

    watch(runId, listener) {
      const stops = [changes.subscribe(runId, listener), store.watch(runId, listener)];
      return () => stops.forEach((stop) => stop());
    },
    async position(row) {
      if (row.status !== "pending") return null;
      return queue.position(row).catch(() => null);
    },
    isFull: async () => (await queue.size().catch(() => 0)) >= maxPending,

    queue: enqueue,
    begin(row) {
      const again = row.status === "running";
      return change(row, {
        status: "running",
        attempts: row.attempts + 1,
        owner: self,
        startedAt: row.startedAt ?? Math.max(now(), row.createdAt),
        // A run that was cut off keeps saying so until it is past where it was.
        ...(again ? {} : { step: "Starting" }),
      });
    },
    note: change,
    finish: (row) =>
      change(row, {
        status: "done",
        progress: 100,
        step: COMPLETED,
        handle: null,
        finishedAt: endOf(row),
      }),
    fail: (row, sentence) =>
      change(row, {
        status: "error",
        step: row.step ?? "Waiting",
        error: sentence,
        finishedAt: endOf(row),
      }),
  };
}
