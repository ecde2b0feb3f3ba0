import { randomUUID } from "node:crypto";

import { Redis } from "ioredis";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";

import { openBullmqQueue } from "../../src/queues/bullmq.ts";
import type { RunQueue } from "../../src/queues/run-queue.ts";
import { databaseForTest, type TestDatabase } from "../support/database.ts";
import { HAS_SERVICES, servicesForTests } from "../support/services/for-tests.ts";
import { describeRunQueue } from "./run-queue.contract.ts";

const options = { models: async () => [], log: pino({ level: "silent" }) };
const slot = { name: "one", places: 1 };
const worked = async () => [{ modelId: "m/one", slot }];
const PATIENCE = { timeout: 60_000, interval: 20 };

/** A place for jobs that several queues open, and nobody else. */
interface JobsPlace {
  /** Another address each time, below which nothing is kept yet. */
  fresh(): Promise<string>;
  remove(): Promise<void>;
}

async function inRedis(): Promise<JobsPlace> {
  const { queue } = await servicesForTests();
  const redis = new Redis(queue);
  const all = `test-${randomUUID()}`;
  return {
    fresh: async () => `${queue}?prefix=${all}-${randomUUID()}`,
    async remove() {
      const keys = await redis.keys(`${all}*`);
      if (keys.length > 0) await redis.del(...keys);
      redis.disconnect();
    },
  };
}

async function inPostgres(): Promise<JobsPlace> {
  const { database } = await servicesForTests();
  const made: TestDatabase[] = [];
  return {
    async fresh() {
      const next = await databaseForTest(database);
      made.push(next);
      return next.url;
    },
    async remove() {
      for (const each of made) await each.drop();
    },
  };
}

describe.runIf(HAS_SERVICES).each([
  { on: "Redis", open: inRedis, tries: 8 },
  { on: "PostgreSQL", open: inPostgres, tries: 3 },
])("BullMQ on $on", ({ on, open, tries }) => {
  let place: JobsPlace;
  beforeAll(async () => {
    place = await open();
  });
  afterAll(() => place.remove());

  describeRunQueue(`BullMQ on ${on}`, async () => openBullmqQueue(await place.fresh(), options), {
    tries,
  });

  /** Queues of several processes at one place, closed when the test is over. */
  async function openMany(count: number): Promise<RunQueue[]> {
    const address = await place.fresh();
    const queues = await Promise.all(
      Array.from({ length: count }, () => openBullmqQueue(address, options)),
    );
    onTestFinished(async () => {
      await Promise.all(queues.map((queue) => queue.stop()));
      await Promise.all(queues.map((queue) => queue.close()));
    });
    return queues;
  }

  it("hands what one process adds to the others, each run once", async () => {
    const [adding, ...workers] = await openMany(4);
    const begun: string[] = [];
    for (const worker of workers)
      worker.start(async (runId) => {
        begun.push(runId);
        await new Promise((done) => setImmediate(done));
      }, worked);
    const runIds = Array.from({ length: 40 }, (_, n) => `r${n}`);
    for (const runId of runIds) await adding!.add({ runId, modelId: "m/one", slot });
    await vi.waitFor(() => expect(begun).toHaveLength(runIds.length), PATIENCE);
    expect(begun.toSorted()).toEqual(runIds.toSorted());
    await vi.waitFor(async () => expect(await adding!.size()).toBe(0), PATIENCE);
  });

  it("hands a worker no run of a model that it does not work on", async () => {
    const [adding, one, other] = await openMany(3);
    const begun: string[] = [];
    one!.start(async (runId) => void begun.push(`one ${runId}`), worked);
    other!.start(
      async (runId) => void begun.push(`other ${runId}`),
      async () => [{ modelId: "m/other", slot }],
    );
    await adding!.add({ runId: "a", modelId: "m/none", slot });
    await adding!.add({ runId: "b", modelId: "m/other", slot });
    await adding!.add({ runId: "c", modelId: "m/one", slot });
    await vi.waitFor(() => expect(begun).toHaveLength(2), PATIENCE);
    expect(begun.toSorted()).toEqual(["one c", "other b"]);
    expect(await adding!.position({ runId: "a", modelId: "m/none" })).toBe(0);
  });
});
