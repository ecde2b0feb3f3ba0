import { setMaxListeners } from "node:events";

import { publicAnd } from "@modly-runs/flows/outbound";
import type { FlowStore } from "@modly-runs/flows/ports";

import { createApp } from "./app.ts";
import type { Config } from "./config.ts";
import { createCrew } from "./crew/crew.ts";
import { isLoopback } from "./http/guard.ts";
import { createIdentify } from "./http/identity.ts";
import { listen } from "./http/listen.ts";
import type { Log } from "./log.ts";
import { CannotStart, open } from "./open.ts";
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

/** How often bytes that nothing refers to are looked for, ms. */
const SWEEP_EVERY = 600_000;
/** More creates are not under way at once than there can be connections. */
const MOST_CREATES = 1024;
/** A create of another service may be between the two for a moment, ms. */
const CREATING = 600_000;
/** How often it is looked for webhooks that a service which is gone has left, ms. */
const LOOK_FOR_MAIL = 5000;

/** A flow run is stored before its workflow: one that a crash kept from it is nobody's, and among the latest. */
async function forgetOrphans(
  flows: FlowStore,
  store: WorkflowStore,
  before: number,
): Promise<void> {
  for (const { id, createdAt } of await flows.list(MOST_CREATES))
    if (createdAt < before && !(await store.get(id))) await flows.remove(id);
}

/**
 * Builds the service, takes up what the one before left, and opens the port.
 *
 * @throws CannotStart with a sentence for a person
 */
export async function startService(config: Config, log: Log): Promise<RunningService> {
  const { providers, networks } = config;
  const changes = createChanges();
  const { flows, store, objects, turns, places, isShared, close } = await open(
    config,
    changes,
    log,
  );
  const reach = publicAnd(networks);
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
          lookEvery: isShared ? LOOK_FOR_MAIL : undefined,
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
      ...places,
      providers,
      networks,
      patience: config.serverPatienceMs,
      pause: config.retryPauseMs,
      memory: config.workerMemoryBytes,
      busy: config.workerBusyMs,
    },
    { size: config.workers, log, onSeen: (seen) => workflows.seen(seen) },
  );
  const keeper = createKeeper({
    store,
    flows,
    turns,
    crew,
    log,
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
  await forgetOrphans(flows, store, isShared ? Date.now() - CREATING : Infinity);
  const listening = await listen(app, config.host, config.port).catch(
    async (cause: NodeJS.ErrnoException) => {
      await close();
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
      await keeper.stop();
      await Promise.all([
        listening.close(config.stopGraceMs),
        crew.stop(config.stopGraceMs),
        postman?.stop(),
      ]);
      await turns.close();
      await close();
    },
  };
}
