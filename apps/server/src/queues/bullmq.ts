import { randomUUID } from "node:crypto";

import type { Log } from "../log.ts";
import { type Engine, openEngine } from "./bullmq/engine.ts";
import { type Held, type Lane, LOCK_MS, openLane } from "./bullmq/lane.ts";
import type { RunQueue, WorkedModel } from "./run-queue.ts";

/** How often a line is looked at though nobody rang, and models are asked for anew, ms. */
const LOOK_EVERY_MS = 1000;

/** A slot of this process, and the lines that feed it. */
interface Places {
  places: number;
  taken: number;
  models: string[];
  /** Lines that may have something. */
  readonly ready: Set<string>;
  filling: Promise<void> | undefined;
}

export interface BullmqOptions {
  /** Every model that may have a line, whoever works on it: only `size` asks. */
  readonly models: () => Promise<readonly string[]>;
  readonly log: Log;
}

/**
 * A queue that many processes share, kept by BullMQ on what the address names: Redis, Valkey or
 * PostgreSQL.
 *
 * @throws Error when PostgreSQL can't be reached; Redis may come later
 */
export async function openBullmqQueue(
  address: string,
  { models, log }: BullmqOptions,
): Promise<RunQueue> {
  const onFault = (cause: unknown) => log.debug({ err: cause }, "the queue failed");
  const engine: Engine = await openEngine(address, onFault);
  const lanes = new Map<string, Lane>();
  const slots = new Map<string, Places>();
  const held = new Map<string, Set<Held>>();
  const working = new Set<Promise<void>>();
  let handler: ((runId: string) => Promise<void>) | undefined;
  let clocks: NodeJS.Timeout[] = [];

  function laneOf(modelId: string): Lane {
    let lane = lanes.get(modelId);
    if (!lane) lanes.set(modelId, (lane = openLane(engine, modelId, onFault)));
    return lane;
  }

  async function work(modelId: string, job: Held, from: Places): Promise<void> {
    const mine = held.get(modelId) ?? new Set();
    held.set(modelId, mine.add(job));
    // A handler answers for its own failures; its place is freed either way.
    await handler?.(job.runId).catch(onFault);
    mine.delete(job);
    // A job that was lost meanwhile is not ours to end; the run's row knows what became of it.
    if (!(await job.complete())) log.debug({ run_id: job.runId }, "its job was lost meanwhile");
    from.taken--;
    fill(from);
  }

  const hasRoom = ({ taken, places }: Places) => handler !== undefined && taken < places;

  async function takeWhatFits(to: Places): Promise<void> {
    while (hasRoom(to)) {
      const [modelId] = to.ready;
      if (modelId === undefined) return;
      to.ready.delete(modelId);
      const job = await laneOf(modelId).take(randomUUID());
      if (!job) continue;
      if (!handler) return job.giveBack();
      // Last in turn now, so that no model keeps the others waiting.
      to.ready.add(modelId);
      to.taken++;
      const worked = work(modelId, job, to).finally(() => working.delete(worked));
      working.add(worked);
    }
  }
  function fill(slot: Places): void {
    slot.filling ??= takeWhatFits(slot)
      .catch(onFault)
      .finally(() => {
        slot.filling = undefined;
        if (hasRoom(slot) && slot.ready.size > 0) fill(slot);
      });
  }

  function wake(modelId: string): void {
    for (const slot of slots.values())
      if (slot.models.includes(modelId)) {
        slot.ready.add(modelId);
        fill(slot);
      }
  }
  function offer(worked: readonly WorkedModel[]): void {
    for (const slot of slots.values()) slot.models = [];
    for (const { modelId, slot } of worked) {
      let found = slots.get(slot.name);
      if (!found)
        slots.set(
          slot.name,
          (found = { places: 0, taken: 0, models: [], ready: new Set(), filling: undefined }),
        );
      found.places = slot.places;
      found.models.push(modelId);
    }
    for (const slot of slots.values())
      for (const modelId of slot.ready)
        if (!slot.models.includes(modelId)) slot.ready.delete(modelId);
  }

  async function renew(): Promise<void> {
    for (const [modelId, jobs] of held) await laneOf(modelId).renew([...jobs]);
  }

  return {
    async add({ runId, modelId }, { first = false } = {}) {
      await laneOf(modelId).add(runId, first);
      await engine.ring(modelId);
    },
    remove: ({ runId, modelId }) => laneOf(modelId).remove(runId),
    position: ({ runId, modelId }) => laneOf(modelId).position(runId),
    async size() {
      const all = new Set([...lanes.keys(), ...(await models())]);
      const lengths = await Promise.all([...all].map((modelId) => laneOf(modelId).length()));
      return lengths.reduce((sum, length) => sum + length, 0);
    },
    start(work, worked) {
      handler = work;
      const look = async () => {
        offer(await worked());
        for (const modelId of [...slots.values()].flatMap((slot) => slot.models)) wake(modelId);
      };
      engine.listen(wake);
      look().catch(onFault);
      clocks = [
        setInterval(() => void look().catch(onFault), LOOK_EVERY_MS),
        setInterval(() => void renew().catch(onFault), LOCK_MS / 3),
      ];
    },
    async stop() {
      handler = undefined;
      await Promise.allSettled([...slots.values()].map(async ({ filling }) => filling));
      // Locks are renewed until the last of them is let go.
      await Promise.allSettled(working);
      clocks.forEach(clearInterval);
    },
    async close() {
      await Promise.allSettled([...lanes.values()].map((lane) => lane.close()));
      await engine.close();
    },
  };
}
