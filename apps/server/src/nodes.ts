import path from "node:path";

import { CannotStart } from "./cannot-start.ts";
import type { Config, Shared } from "./config.ts";
import { type AnnouncedSource, createAnnouncedSource } from "./generators/announced.ts";
import type { Log } from "./log.ts";
import { createLocalQueue } from "./queues/local.ts";
import type { RunQueue } from "./queues/run-queue.ts";
import { createLibsqlStore } from "./stores/libsql.ts";
import { createLoneMember, type Members } from "./stores/members.ts";
import type { RunStore } from "./stores/run-store.ts";

/** What a node stands on: its own engines, or those that it shares with others. */
export interface Engines {
  readonly store: RunStore;
  readonly queue: RunQueue;
  readonly members: Members;
  /** What others run; null where there are no others. */
  readonly announced: AnnouncedSource | null;
}

async function openAlone({ dataDir }: Config, self: string): Promise<Engines> {
  const file = path.join(dataDir, "runs.db");
  const store = await createLibsqlStore(file).catch((cause: Error) => {
    throw new CannotStart(
      `The store ${file} can't be used: ${cause.message}. It is left as it is; move it away to begin anew, or use another --data-dir.`,
    );
  });
  return { store, queue: createLocalQueue(), members: createLoneMember(self), announced: null };
}

/** An address without what is secret in it. */
function spoken(address: string): string {
  const { protocol, host, pathname } = new URL(address);
  return `${protocol}//${host}${pathname}`;
}

async function openShared(
  { databaseUrl, queueUrl }: Shared,
  self: string,
  log: Log,
): Promise<Engines> {
  // Loaded when they are asked for: a node by itself starts without them.
  const { openPostgres } = await import("./stores/postgres.ts");
  const { store, members } = await openPostgres(databaseUrl, self).catch((cause: Error) => {
    throw new CannotStart(
      `The database ${spoken(databaseUrl)} can't be used: ${cause.message}. Look at --database-url.`,
    );
  });
  try {
    const announced = createAnnouncedSource(members);
    const { openBullmqQueue } = await import("./queues/bullmq.ts");
    const models = async () => [...(await announced.workers()).keys()];
    const queue = await openBullmqQueue(queueUrl, { models, log });
    return { store, queue, members, announced };
  } catch (cause) {
    await store.close();
    throw new CannotStart(
      `The queue ${spoken(queueUrl)} can't be used: ${(cause as Error).message}. Look at --queue-url.`,
    );
  }
}

/** @param self names this process to the others */
export function openEngines(config: Config, self: string, log: Log): Promise<Engines> {
  return config.shared ? openShared(config.shared, self, log) : openAlone(config, self);
}
