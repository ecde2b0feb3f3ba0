import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import { mkdirSync } from "node:fs";
import { statfs } from "node:fs/promises";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import { isEnded } from "@modly-runs/contract";

import { createApp } from "./app.ts";
import { CannotStart } from "./cannot-start.ts";
import { type Config, isLoopbackAddress } from "./config.ts";
import { createExports } from "./exports/exports.ts";
import { lockDirectory } from "./files/lock.ts";
import { openFiles } from "./files/open.ts";
import { createBuiltinSource } from "./generators/builtin/index.ts";
import { findNetworks, type NetworkFiles } from "./generators/builtin/networks/index.ts";
import type { GeneratorSource } from "./generators/generator.ts";
import { createModlyExtensionSource } from "./generators/modly-extension/index.ts";
import { createModlySource } from "./generators/modly-api/index.ts";
import { createRegistry } from "./generators/registry.ts";
import { createTestSource } from "./generators/test-models/index.ts";
import { listen } from "./http/listen.ts";
import type { Meshes } from "./files/run-files.ts";
import type { Log } from "./log.ts";
import type { Engines } from "./nodes.ts";
import { createMetrics } from "./metrics.ts";
import { mayPass } from "./out-of-room.ts";
import { openEngines } from "./nodes.ts";
import { obstaclesOf } from "./readiness.ts";
import { createChanges } from "./runs/changes.ts";
import { createLeftovers } from "./runs/leftovers.ts";
import { createReads } from "./runs/reads.ts";
import { createPresence } from "./runs/presence.ts";
import { createRecovery } from "./runs/recovery.ts";
import { createRetention } from "./runs/retention.ts";
import { createRuns } from "./runs/runs.ts";
import { createWorker } from "./runs/worker.ts";
import { VERSION } from "./version.ts";

export interface RunningServer {
  readonly url: string;
  /** Resolves with the cause when it can't go on and only a new start helps; never otherwise. */
  readonly lost: Promise<Error>;
  /** Takes no more, tells watchers, stops generators, closes the store. */
  stop(): Promise<void>;
}

function networksOf({ networks }: Config): NetworkFiles | undefined {
  const found = findNetworks(networks);
  if (typeof found === "string") throw new CannotStart(found);
  return found;
}

/** Where generators come from. One line each; one that may claim any id comes last. */
function sourcesOf(config: Config, log: Log, instance: string): GeneratorSource[] {
  const { workers, testModels, modly, builtin, extensions, workspaceDir } = config;
  return [
    ...(builtin ? [createBuiltinSource({ workers, log, networks: networksOf(config) })] : []),
    ...(extensions ? [createModlyExtensionSource({ ...extensions, workspaceDir, log })] : []),
    ...(testModels ? [createTestSource({ places: workers })] : []),
    ...(modly ? [createModlySource({ ...modly, log, instance })] : []),
  ];
}

/** What is left for meshes, as far as this user may fill it. */
async function freeBytes(directory: string): Promise<number | null> {
  // A disk that hangs must not take /health with it.
  const late = wait(500, undefined, { ref: false });
  const found = await Promise.race([statfs(directory).catch(() => undefined), late]);
  return found ? found.bavail * found.bsize : null;
}

/** A bound for what is stored after a picture has come, ms. */
const STORING_MS = 20_000;

/** What whoever looks after several nodes wants to know of them. */
async function nodesOf({ members, announced, store }: Engines) {
  const [all, workers, active] = await Promise.all([
    members.list(),
    announced?.workers(),
    store.countActive(),
  ]);
  const waiting = active.filter(({ status }) => status === "pending");
  return {
    node: members.self,
    nodes: all.filter(({ isLive }) => isLive).length,
    // Models that runs wait for, and that no live node runs.
    models_away: waiting
      .filter(({ modelId }) => !workers?.get(modelId))
      .map(({ modelId, runs }) => ({ model_id: modelId, waiting: runs })),
  };
}

function lock(dataDir: string) {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new CannotStart(`The data directory can't be made: ${(cause as Error).message}.`);
  }
  let held: ReturnType<typeof lockDirectory>;
  try {
    held = lockDirectory(dataDir);
  } catch (cause) {
    throw new CannotStart(
      `The data directory ${dataDir} can't be locked: ${(cause as Error).message}.`,
    );
  }
  if (!held)
    throw new CannotStart(
      `Another server works on ${dataDir}. Stop it, or use another --data-dir.`,
    );
  return held;
}

/**
 * Builds the server, takes up what the one before left, and opens the port.
 *
 * @param sources where generators come from: those that the settings name, when nobody says otherwise
 * @throws CannotStart with a sentence for a person
 */
export async function startServer(
  config: Config,
  log: Log,
  sources?: readonly GeneratorSource[],
): Promise<RunningServer> {
  const { role, dataDir, workspaceDir, limits, maxAttempts, watchdogs } = config;
  const held = lock(dataDir);
  const instance = randomUUID();
  const undo: (() => unknown)[] = [() => held.release()];
  try {
    const engines = await openEngines(config, instance, log);
    const { store, queue, members, announced } = engines;
    undo.unshift(
      () => queue.close(),
      () => store.close(),
    );
    const files = await openFiles({ ...config, filesUrl: config.shared?.filesUrl ?? null });
    const exports = await createExports(path.join(dataDir, "exports"), log).catch(
      (cause: Error) => {
        throw new CannotStart(`The directory for exports can't be made: ${cause.message}.`);
      },
    );
    undo.unshift(() => exports.close());
    const isWorker = role !== "api";
    // What runs here, and what can be chosen here: others may run more.
    const own = createRegistry(isWorker ? (sources ?? sourcesOf(config, log, instance)) : [], log);
    undo.unshift(() => own.close());
    const registry = announced ? createRegistry([own, announced], log) : own;
    const leftovers = createLeftovers({ store, files, registry, log });
    const changes = createChanges();
    changes.subscribeAll(({ runId, modelId, status, error }) => {
      if (isEnded(status))
        log.info({ run_id: runId, model_id: modelId, status, error }, "run ended");
    });
    const reads = createReads(config.retention.readMs);
    // Whoever fetches a mesh reads its run.
    const meshes: Meshes = {
      ...files.meshes,
      async find(workspacePath) {
        reads.note(workspacePath);
        return files.meshes.find(workspacePath);
      },
    };
    const { maxPending } = limits;
    const runs = createRuns({
      ...{ store, queue, registry, changes, leftovers, maxPending, self: instance, log },
    });
    const worker = createWorker({
      ...{ runs, queue, registry: own, files, leftovers, store, self: instance, watchdogs, log },
    });
    const recovery = createRecovery({
      ...{ store, runs, registry, files, leftovers, maxAttempts, log },
      // Longer than a picture may be on its way, with time for its create.
      strayMs: 2 * config.requestTimeoutMs + STORING_MS,
    });
    const presence = createPresence({
      ...{ members, recovery, log },
      offers: async () => (await own.list()).map(({ descriptor, slot }) => ({ descriptor, slot })),
      renew: worker.renew,
    });
    const stopping = new AbortController();
    // Every stream and every wait listens to it, as many as there are clients.
    setMaxListeners(0, stopping.signal);

    const room = () => Promise.all([dataDir, workspaceDir].map(freeBytes));

    const app = createApp({
      hasRuns: role !== "worker",
      runs,
      reads,
      registry,
      uploads: files.uploads,
      meshes,
      exports,
      metrics: createMetrics({
        ...{ store, queue, changes },
        ...(announced ? { workers: announced.workers } : {}),
      }),
      limits,
      stopping: stopping.signal,
      log,
      version: VERSION,
      defaultModel: config.defaultModel,
      obstacles: () => obstaclesOf({ store, registry, stopping: stopping.signal, room }),
      passTo: config.modly?.passThrough ? { ...config.modly, instance } : null,
      details: async () => ({
        models: (await registry.list()).length,
        unusable: await own.faults(),
        queue: await queue.size().catch(() => null),
        disk_free_bytes: await freeBytes(workspaceDir),
        ...(announced ? await nodesOf(engines) : {}),
      }),
      guard: {
        instance,
        token: config.token,
        allowedOrigins: config.allowedOrigins,
        allowedHosts: config.allowedHosts,
        listensBeyondLoopback: !isLoopbackAddress(config.host),
      },
    });

    if (announced) {
      await presence.start();
      undo.unshift(() => presence.stop());
    } else
      await recovery.takeUp().catch((cause: unknown) => {
        if (!mayPass(cause)) throw cause;
        throw new CannotStart(
          `The runs in ${dataDir} can't be taken up: ${(cause as Error).message}. They are left as they are.`,
        );
      });
    const listening = await listen(app, config).catch((cause: NodeJS.ErrnoException) => {
      const taken = cause.code === "EADDRINUSE";
      throw new CannotStart(
        taken
          ? `Port ${config.port} is in use. Choose another with --port, or let 0 pick one.`
          : `Can't listen on ${config.host}:${config.port}: ${cause.message}.`,
      );
    });
    if (isWorker) worker.start();
    const retention = createRetention({
      ...{ store: store.retirement, isShared: store.isShared, meshes: files.meshes },
      ...{ changes, reads, log },
      ...config.retention,
    });
    undo.unshift(() => retention.stop());

    return {
      url: listening.url,
      lost: store.lost,
      async stop() {
        stopping.abort();
        const stopped = worker.stop();
        await Promise.all([
          listening.close(config.stopGraceMs),
          Promise.race([stopped, wait(config.stopGraceMs, undefined, { ref: false })]),
        ]);
        for (const step of undo) await step();
      },
    };
  } catch (cause) {
    for (const step of undo) await step();
    throw cause;
  }
}
