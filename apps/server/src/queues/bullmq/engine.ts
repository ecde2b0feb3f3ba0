import {
  type BackendFactory,
  createRedisBackend,
  PostgresConnection,
  PostgresQueueBackend,
} from "bullmq";
import { Redis } from "ioredis";
import pg from "pg";

/** What keeps the jobs, and how its nodes wake each other. */
export interface Engine {
  /** Part of what every queue and worker is made with. */
  readonly options: { readonly connection: object; readonly prefix: string };
  readonly backend: BackendFactory;
  /** Wakes the workers of a model. */
  ring(modelId: string): Promise<void>;
  /** Calls back when somebody rang. A ring may be lost. */
  listen(onRing: (modelId: string) => void): void;
  close(): Promise<void>;
}

/** How long a command waits, ms: a row without a job gets one later, so nobody needs to wait long. */
const COMMAND_MS = 3000;
const AGAIN_MS = 1000;
const DEFAULT_PREFIX = "modly-runs";
const DEFAULT_SCHEMA = "modly_runs";

type OnFault = (cause: unknown) => void;

/** Jobs in Redis or Valkey; `?prefix=` begins its keys. */
function openRedis(url: URL, onFault: OnFault): Engine {
  const prefix = url.searchParams.get("prefix") ?? DEFAULT_PREFIX;
  url.searchParams.delete("prefix");
  const bell = `${prefix}:bell`;
  const connection = new Redis(url.href, {
    maxRetriesPerRequest: 1,
    commandTimeout: COMMAND_MS,
    retryStrategy: (times) => Math.min(times * 100, AGAIN_MS),
  });
  connection.on("error", onFault);
  let listener: Redis | undefined;
  return {
    options: { connection, prefix },
    backend: (name, options, { blocking = false } = {}) =>
      createRedisBackend(name, options, { blocking }),
    async ring(modelId) {
      await connection.publish(bell, modelId);
    },
    listen(onRing) {
      listener = connection.duplicate({ maxRetriesPerRequest: null });
      listener.on("error", onFault);
      listener.on("message", (_channel, modelId: string) => onRing(modelId));
      listener.subscribe(bell).catch(onFault);
    },
    async close() {
      listener?.disconnect();
      connection.disconnect();
    },
  };
}

/** Jobs in PostgreSQL, in a schema beside that of the runs; `?schema=` names that one. */
async function openPostgres(url: URL, onFault: OnFault): Promise<Engine> {
  const schema = `${url.searchParams.get("schema") ?? DEFAULT_SCHEMA}_queue`;
  url.searchParams.delete("schema");
  const connectionString = url.href;
  const channel = `${schema}_bell`;
  const connection = new PostgresConnection({
    connectionString,
    schema,
    migrate: true,
    max: 4,
    connectionTimeoutMillis: COMMAND_MS,
    query_timeout: COMMAND_MS,
    application_name: schema,
  });
  connection.on("error", onFault);
  await connection.waitUntilReady();
  let listener: pg.Client | undefined;
  let isClosed = false;

  async function listen(onRing: (modelId: string) => void): Promise<void> {
    if (isClosed) return;
    const client = new pg.Client({ connectionString, application_name: `${schema} bell` });
    listener = client;
    const again = () => {
      client.removeAllListeners();
      client.on("error", () => {});
      client.end().catch(() => undefined);
      setTimeout(() => void listen(onRing), AGAIN_MS).unref();
    };
    client.once("error", again);
    client.once("end", again);
    client.on("notification", ({ payload = "" }) => onRing(payload));
    try {
      await client.connect();
      await client.query(`listen ${channel}`);
    } catch (cause) {
      onFault(cause);
      again();
    }
  }

  return {
    options: { connection, prefix: DEFAULT_PREFIX },
    backend: (name, options) =>
      new PostgresQueueBackend(
        connection,
        name,
        options as ConstructorParameters<typeof PostgresQueueBackend>[2],
        false,
      ),
    async ring(modelId) {
      await connection.pool.query("select pg_notify($1, $2)", [channel, modelId]);
    },
    listen: (onRing) => void listen(onRing),
    async close() {
      isClosed = true;
      listener?.removeAllListeners();
      listener?.on("error", () => {});
      await listener?.end().catch(() => undefined);
      await connection.close();
    },
  };
}

/** Opens what the address names: redis, rediss, postgres or postgresql. */
export async function openEngine(address: string, onFault: OnFault): Promise<Engine> {
  const url = new URL(address);
  return url.protocol.startsWith("redis") ? openRedis(url, onFault) : openPostgres(url, onFault);
}
