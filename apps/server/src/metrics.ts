import { isEnded } from "@modly-runs/contract";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

import type { RunQueue } from "./queues/run-queue.ts";
import type { Changes } from "./runs/changes.ts";
import type { RunStore } from "./stores/run-store.ts";

/** What Prometheus may ask for. */
export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
  /** Notes an answered request; `route` is the pattern, never the path. */
  answered(request: { method: string; route: string; status: number; seconds: number }): void;
}

const RUN_SECONDS = [0.1, 0.3, 1, 3, 10, 30, 60, 180, 600, 1800, 3600];

/** Counts runs as their changes are stored, and looks at the store and the queue when it is asked. */
export function createMetrics(deps: {
  store: RunStore;
  queue: RunQueue;
  changes: Changes;
  /** How many live nodes run each model, where there are nodes. */
  workers?: () => Promise<ReadonlyMap<string, number>>;
}): Metrics {
  const { store, queue, changes, workers } = deps;
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const ended = new Counter({
    name: "modly_runs_ended_total",
    help: "Runs that ended since the server started",
    labelNames: ["status", "model"],
    registers,
  });
  const inState = new Histogram({
    name: "modly_runs_state_seconds",
    help: "How long runs that ended were in a state",
    labelNames: ["state", "model"],
    buckets: RUN_SECONDS,
    registers,
  });
  const http = new Histogram({
    name: "modly_runs_http_seconds",
    help: "How long answers took, streams and waits included",
    labelNames: ["method", "route", "status"],
    registers,
  });
  const rows = new Map<string, { observe(seconds: number): void }>();
  new Gauge({
    name: "modly_runs_active",
    help: "Runs that have not ended",
    labelNames: ["status", "model"],
    registers,
    async collect() {
      this.reset();
      for (const { status, modelId, runs } of await store.countActive())
        this.set({ status, model: modelId }, runs);
    },
  });
  new Gauge({
    name: "modly_runs_queue_length",
    help: "Runs that wait for their turn",
    registers,
    async collect() {
      this.set(await queue.size());
    },
  });
  if (workers)
    new Gauge({
      name: "modly_runs_model_workers",
      help: "Live nodes that run a model; 0 for one whose last node is gone",
      labelNames: ["model"],
      registers,
      async collect() {
        this.reset();
        for (const [model, nodes] of await workers()) this.set({ model }, nodes);
      },
    });

  changes.subscribeAll(({ status, modelId: model, createdAt, startedAt, finishedAt }) => {
    if (!isEnded(status) || finishedAt === null) return;
    ended.inc({ status, model });
    inState.observe({ state: "pending", model }, ((startedAt ?? finishedAt) - createdAt) / 1000);
    if (startedAt !== null)
      inState.observe({ state: "running", model }, (finishedAt - startedAt) / 1000);
  });

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    answered({ method, route, status, seconds }) {
      const name = `${method} ${route} ${status}`;
      let row = rows.get(name);
      // Routes are patterns, so there are few; to find a row anew by its labels costs more than to count.
      if (!row) rows.set(name, (row = http.labels({ method, route, status: String(status) })));
      row.observe(seconds);
    },
  };
}
