import { setTimeout as wait } from "node:timers/promises";

import {
  type BackendFactory,
  createRedisBackend,
  type IQueueBackend,
  PostgresConnection,
  PostgresQueueBackend,
  Queue,
  type QueueOptions,
  WaitingError,
  Worker,
} from "bullmq";
import { Redis } from "ioredis";

import type { Log } from "../log.ts";
import { placeOf } from "../stores/postgres/connection.ts";
import type { TurnQueue } from "./turn-queue.ts";

/** A node that does not renew its lock for so long has lost the turn, ms. */
const LOCK_MS = 6000;
/** How often lost locks are looked for, ms. Two looks find one. */
const STALLED_EVERY_MS = 2000;
/** A job that is lost more often is dropped; its row gets another one. */
const MAX_STALLED = 5;
/** How long a command waits, ms: a row without a job gets one later, so nobody needs to wait long. */
const COMMAND_MS = 3000;
const AGAIN_MS = 1000;

const NAME = "turns";
const DEFAULT_PREFIX = "modly-workflows";

/** What keeps the jobs: for who adds them, and for who waits for them. */
interface Engine {
  readonly adding: Side;
  readonly waiting: Side;
  close(): Promise<void>;
}
interface Side {
  readonly options: Pick<QueueOptions, "connection" | "prefix">;
  readonly backend: BackendFactory;
}

type OnFault = (cause: unknown) => void;

/** Jobs in Redis or Valkey; `?prefix=` begins its keys. */
function openRedis(url: URL, onFault: OnFault): Engine {
  const prefix = url.searchParams.get("prefix") ?? DEFAULT_PREFIX;
  url.searchParams.delete("prefix");
  const retryStrategy = (times: number) => Math.min(times * 100, AGAIN_MS);
  const [adding, waiting] = [
    new Redis(url.href, { maxRetriesPerRequest: 1, commandTimeout: COMMAND_MS, retryStrategy }),
    new Redis(url.href, { maxRetriesPerRequest: null, retryStrategy }),
  ];
  const side = (connection: Redis): Side => {
    connection.on("error", onFault);
    return { options: { connection, prefix }, backend: createRedisBackend };
  };
  return {
    adding: side(adding),
    waiting: side(waiting),
    async close() {
      adding.disconnect();
      waiting.disconnect();
    },
  };
}

/** Jobs in PostgreSQL, in a schema beside that of the workflows; `?schema=` names that one. */
async function openPostgres(address: string, onFault: OnFault): Promise<Engine> {
  const { connectionString, schema } = placeOf(address);
  const connections: PostgresConnection[] = [];
  const side = async (): Promise<Side> => {
    const connection = new PostgresConnection({
      connectionString,
      schema: `${schema}_queue`,
      migrate: true,
      max: 3,
      keepAlive: true,
      connectionTimeoutMillis: COMMAND_MS,
      query_timeout: COMMAND_MS,
      application_name: `${schema}_queue`,
    });
    connection.on("error", onFault);
    connections.push(connection);
    await connection.waitUntilReady();
    return {
      options: { connection: connection as never },
      backend: (name, options) =>
        new PostgresQueueBackend(
          connection,
          name,
          options as ConstructorParameters<typeof PostgresQueueBackend>[2],
        ),
    };
  };
  const close = async () => {
    await Promise.all(connections.map((connection) => connection.close()));
  };
  try {
    // One after the other: the first makes the tables.
    return { adding: await side(), waiting: await side(), close };
  } catch (cause) {
    await close();
    throw cause;
  }
}

/**
 * A queue that many services share, kept by BullMQ on what the address names: Redis, Valkey or PostgreSQL.
 *
 * @throws Error when PostgreSQL can't be reached; Redis may come later
 */
export async function openBullmqTurns(
  address: string,
  { places, log }: { places: number; log: Log },
): Promise<TurnQueue> {
  const onFault = (cause: unknown) => log.debug({ err: cause }, "the queue failed");
  const url = new URL(address);
  const engine = url.protocol.startsWith("redis")
    ? openRedis(url, onFault)
    : await openPostgres(address, onFault);
  const queue = new Queue<unknown, unknown, string, unknown, unknown, string, IQueueBackend>(
    NAME,
    {
      ...engine.adding.options,
      // A turn is taken as often as the row says; the queue forgets a job that is over.
      defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
      streams: { events: { maxLen: 100 } },
    },
    engine.adding.backend,
  );
  queue.on("error", onFault);
  let worker: Worker<unknown, unknown, string, IQueueBackend> | undefined;
  const working = new Set<Promise<void>>();
  const afterwards = new Set<Promise<void>>();

  const add = async (ids: readonly string[]) => {
    await queue.addBulk(ids.map((id) => ({ name: "turn", data: {}, opts: { jobId: id } })));
  };

  return {
    add,
    start(take, isLeft) {
      worker = new Worker(
        NAME,
        async (job, token) => {
          // One that was fetched while it paused.
          if (worker?.isPaused()) {
            await job.moveToWait(token);
            throw new WaitingError();
          }
          // Who takes a turn answers for its own failures.
          const turn = take(job.id!).finally(() => working.delete(turn));
          working.add(turn);
          await turn;
        },
        {
          ...engine.waiting.options,
          concurrency: places,
          lockDuration: LOCK_MS,
          stalledInterval: STALLED_EVERY_MS,
          maxStalledCount: MAX_STALLED,
        },
        engine.waiting.backend,
      );
      worker.on("error", onFault);
      worker.on("completed", ({ id }) => {
        // Only now a job of the same name can be added.
        const over = isLeft(id!)
          .then((left) => (left ? add([id!]) : undefined))
          .catch(onFault)
          .finally(() => afterwards.delete(over));
        afterwards.add(over);
      });
    },
    async pause() {
      await worker?.pause(true);
    },
    async close() {
      await Promise.allSettled(working);
      const told = async () => {
        await worker?.close();
        await Promise.all(afterwards);
        await queue.close();
      };
      // One that is away can't be told; its locks run out.
      await Promise.race([told().catch(onFault), wait(COMMAND_MS, undefined, { ref: false })]);
      await engine.close();
    },
  };
}
