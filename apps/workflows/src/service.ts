import { setMaxListeners } from "node:events";
import { mkdirSync } from "node:fs";

import { openLibsqlStore, openObjects } from "@modly-runs/flows/local";
import { publicAnd } from "@modly-runs/flows/outbound";
import type { FlowStore } from "@modly-runs/flows/ports";

import { createApp } from "./app.ts";
import type { Config } from "./config.ts";
import { createCrew } from "./crew/crew.ts";
import { placesIn } from "./crew/places.ts";
import { isLoopback } from "./http/guard.ts";
import { createIdentify } from "./http/identity.ts";
import { listen } from "./http/listen.ts";
import { lock } from "./lock.ts";
import type { Log } from "./log.ts";
import { openWorkflowStore } from "./stores/libsql.ts";
import type { WorkflowStore } from "./stores/workflow-store.ts";
import { createPostman, type Postman } from "./webhooks/postman.ts";
import { createChanges } from "./workflows/changes.ts";
import { sweep } from "./workflows/cleanup.ts";
import { createKeeper } from "./workflows/keeper.ts";
import { createWorkflows } from "./workflows/workflows.ts";

export interface RunningService {
  readonly url: string;
  /** Takes no more, leaves what is under way so that it can be gone on with, closes the stores. */
  stop(): Promise<void>;
}

/** Something about the surroundings keeps the service from starting; the message says what to do. */
export class CannotStart extends Error {
  override name = "CannotStart";
}

/** How often bytes that nothing refers to are looked for, ms. */
const SWEEP_EVERY = 600_000;
/** More creates are not under way at once than there can be connections. */
const MOST_CREATES = 1024;

function open(dataDir: string) {
  const places = placesIn(dataDir);
  let held: ReturnType<typeof lock>;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    held = lock(places.lock);
  } catch (cause) {
    throw new CannotStart(
      `The data directory ${dataDir} can't be used: ${(cause as Error).message}.`,
    );
  }
  if (!held)
    throw new CannotStart(
      `Another service works on ${dataDir}. Stop it, or use another --data-dir.`,
    );
  try {
    const flows = openLibsqlStore(places.flows);
    const store = openWorkflowStore(places.workflows);
    return { held, flows, store, objects: openObjects(places.objects) };
  } catch (cause) {
    held.release();
    throw new CannotStart((cause as Error).message);
  }
}

/** A flow run is stored before its workflow: one that a crash kept from it is nobody's, and among the latest. */
async function forgetOrphans(flows: FlowStore, store: WorkflowStore): Promise<void> {
  for (const { id } of await flows.list(MOST_CREATES))
    if (!(await store.get(id))) await flows.remove(id);
}

/**
 * Builds the service, takes up what the one before left, and opens the port.
 *
 * @throws CannotStart with a sentence for a person
 */
export async function startService(config: Config, log: Log): Promise<RunningService> {
  const { dataDir, providers, networks } = config;
  const { held, flows, store, objects } = open(dataDir);
  const reach = publicAnd(networks);
  const changes = createChanges();
  const postman: Postman | undefined =
    config.webhooks === null
      ? undefined
      : createPostman({
          store,
          reach,
          log,
          secret: config.webhooks.secret,
          tries: config.webhooks.tries,
          pause: config.webhooks.pauseMs,
        });
  const workflows = createWorkflows({
    store,
    flows,
    memory: flows,
    objects,
    changes,
    log,
    announce: () => postman?.wake(),
    fetching: { objects, reach, most: config.maxFileBytes },
    providers: providers.map(({ name }) => name),
    mostRunning: config.maxWorkflows,
  });
  const crew = createCrew(
    {
      dataDir,
      providers,
      networks,
      patience: config.serverPatienceMs,
      pause: config.retryPauseMs,
      memory: config.workerMemoryBytes,
    },
    { size: config.workers, log, onSeen: (seen) => workflows.seen(seen) },
  );
  const keeper = createKeeper({
    store,
    flows,
    crew,
    log,
    atOnce: config.atOnce,
    end: (row, status, why) => workflows.end(row, status, why),
  });
  workflows.attend(keeper);
  const stopping = new AbortController();
  // Every stream listens to it, as many as there are clients.
  setMaxListeners(0, stopping.signal);
  const app = createApp({
    workflows,
    store,
    flows,
    objects,
    changes,
    log,
    stopping: stopping.signal,
    mostBodyBytes: config.maxBodyBytes,
    noWebhooks: config.webhooks
      ? undefined
      : "This service sends no webhooks: it was started without --webhook-secret.",
    guard: {
      identify: createIdentify(config.identities),
      allowedOrigins: config.allowedOrigins,
      allowedHosts: config.allowedHosts,
      listensBeyondLoopback: !isLoopback(config.host),
    },
  });
  const close = () => {
    store.close();
    flows.close();
    held.release();
  };
  await forgetOrphans(flows, store);
  const listening = await listen(app, config.host, config.port).catch(
    (cause: NodeJS.ErrnoException) => {
      close();
      throw new CannotStart(
        cause.code === "EADDRINUSE"
          ? `Port ${config.port} is in use. Choose another with --port, or let 0 pick one.`
          : `Can't listen on ${config.host}:${config.port}: ${cause.message}.`,
      );
    },
  );
  await keeper.start();
  postman?.wake();
  const sweeping = setInterval(() => {
    sweep({ memory: flows, objects }).catch((cause: unknown) =>
      log.error({ err: cause }, "the sweep failed; the next one goes on"),
    );
  }, SWEEP_EVERY);

  return {
    url: listening.url,
    async stop() {
      clearInterval(sweeping);
      stopping.abort();
      keeper.stop();
      await Promise.all([
        listening.close(config.stopGraceMs),
        crew.stop(config.stopGraceMs),
        postman?.stop(),
      ]);
      await keeper.idle();
      close();
    },
  };
}
