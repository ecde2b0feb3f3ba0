import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";

import { openLibsqlStore, openObjects } from "@modly-runs/flows/local";
import type { FlowStore, Memory, Objects } from "@modly-runs/flows/ports";

import type { Config } from "./config.ts";
import type { Setup } from "./crew/messages.ts";
import { lock } from "./lock.ts";
import type { Log } from "./log.ts";
import { openWorkflowStore } from "./stores/libsql.ts";
import type { WorkflowStore } from "./stores/workflow-store.ts";
import { createLocalTurns } from "./turns/local.ts";
import type { TurnQueue } from "./turns/turn-queue.ts";
import type { Changes } from "./workflows/changes.ts";

/** Something about the surroundings keeps the service from starting; the message says what to do. */
export class CannotStart extends Error {
  override name = "CannotStart";
}

/** What keeps a service's workflows, and who is next. */
export interface Opened {
  readonly store: WorkflowStore;
  readonly flows: FlowStore & Memory;
  readonly objects: Objects;
  readonly turns: TurnQueue;
  /** Where the processes of steps find the same. */
  readonly places: Pick<Setup, "flows" | "objects">;
  /** True where other services may be at work on the same. */
  readonly isShared: boolean;
  close(): Promise<void>;
}

/**
 * Opens what the settings name: files in the data directory, or what several services share.
 *
 * @throws CannotStart with a sentence for a person
 */
export async function open(config: Config, changes: Changes, log: Log): Promise<Opened> {
  const { dataDir, shared } = config;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw unusable(dataDir, cause);
  }
  return shared ? openShared(config, shared, changes, log) : openAlone(config);
}

const unusable = (dataDir: string, cause: unknown) =>
  new CannotStart(`The data directory ${dataDir} can't be used: ${(cause as Error).message}.`);

async function openAlone({ dataDir, atOnce }: Config): Promise<Opened> {
  let held: ReturnType<typeof lock>;
  try {
    held = lock(path.join(dataDir, "lock.db"));
  } catch (cause) {
    throw unusable(dataDir, cause);
  }
  if (!held)
    throw new CannotStart(
      `Another service works on ${dataDir}. Stop it, or use another --data-dir.`,
    );
  const file = path.join(dataDir, "flows.db");
  const directory = path.join(dataDir, "objects");
  try {
    const flows = openLibsqlStore(file);
    const store = openWorkflowStore(path.join(dataDir, "workflows.db"));
    return {
      store,
      flows,
      objects: openObjects(directory),
      turns: createLocalTurns(atOnce),
      places: { flows: { file }, objects: directory },
      isShared: false,
      async close() {
        await store.close();
        flows.close();
        held.release();
      },
    };
  } catch (cause) {
    held.release();
    throw new CannotStart((cause as Error).message);
  }
}

async function openShared(
  { dataDir, atOnce }: Config,
  { databaseUrl, queueUrl }: NonNullable<Config["shared"]>,
  changes: Changes,
  log: Log,
): Promise<Opened> {
  // Loaded only where they are asked for.
  const [{ openPostgres }, { listen }, { openBullmqTurns }] = await Promise.all([
    import("./stores/postgres.ts"),
    import("./stores/postgres/listener.ts"),
    import("./turns/bullmq.ts"),
  ]);
  const filesOf = (id: string) => path.join(dataDir, `objects-${id.slice(0, 8)}`);
  const { store, flows, place, id } = await openPostgres(databaseUrl, (made) => {
    mkdirSync(filesOf(made), { recursive: true, mode: 0o700 });
  }).catch((cause: unknown) => {
    throw new CannotStart(`The database can't be used: ${(cause as Error).message}.`);
  });
  try {
    const directory = filesOf(id);
    // A node with a directory of its own would find no files, and say so late.
    if (!existsSync(directory))
      throw new CannotStart(
        `The files of this database are not in ${dataDir}: there is no ${path.basename(directory)}. All services on one database need the same --data-dir, on a disk that they share. If its files are lost, make that directory by hand.`,
      );
    const turns = await openBullmqTurns(queueUrl, { places: atOnce, log }).catch(
      (cause: unknown) => {
        throw new CannotStart(`The queue can't be used: ${(cause as Error).message}.`);
      },
    );
    const unlisten = listen(place, changes);
    return {
      store,
      flows,
      objects: openObjects(directory),
      turns,
      places: {
        flows: { database: databaseUrl, node: `${hostname()}:${randomUUID()}` },
        objects: directory,
      },
      isShared: true,
      async close() {
        await unlisten();
        await store.close();
      },
    };
  } catch (cause) {
    await store.close();
    throw cause;
  }
}
