import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { StrictRun } from "@modly-runs/contract";
import { Redis } from "ioredis";
import { expect, vi } from "vitest";

import type { Role } from "../../src/config.ts";
import { databaseForTest, type TestDatabase } from "../support/database.ts";
import { picture } from "../support/pictures.ts";
import { type ListeningServer, startServerProcess } from "../support/server-process.ts";
import type { ServiceUrls } from "../support/services/index.ts";

export interface ClusterOptions {
  /** What keeps the queue. */
  readonly queue?: "redis" | "postgres";
  /** Where all of them find pictures and meshes; a directory unless said otherwise. */
  readonly filesUrl?: string;
  /** Flags of every node. */
  readonly args?: readonly string[];
}

/** Processes of the server that work on one store, one queue and one directory, all their own. */
export interface Cluster {
  readonly database: TestDatabase;
  /** What `--files-url` of all of them is. */
  readonly files: string;
  start(role: Role, args?: readonly string[]): Promise<ListeningServer>;
  /** Forgets every job, as a queue that lost its data. */
  loseQueue(): Promise<void>;
  /** Ends all of them, and removes what they kept. */
  remove(): Promise<void>;
}

/** Prepares a place for a cluster; nothing runs yet. */
export async function makeCluster(
  services: Pick<ServiceUrls, "database" | "queue">,
  options: ClusterOptions = {},
): Promise<Cluster> {
  const { queue = "redis", args = [] } = options;
  const directory = await mkdtemp(path.join(tmpdir(), "modly-runs-cluster-"));
  const files = options.filesUrl ?? path.join(directory, "files");
  const database = await databaseForTest(services.database);
  const prefix = `cluster-${randomUUID()}`;
  const queueUrl = queue === "redis" ? `${services.queue}?prefix=${prefix}` : database.url;
  const nodes: ListeningServer[] = [];
  let started = 0;

  async function loseQueue(): Promise<void> {
    if (queue === "postgres") {
      await database.query(`delete from ${database.schema}_queue.job`);
      return;
    }
    const redis = new Redis(services.queue);
    const keys = await redis.keys(`${prefix}*`);
    if (keys.length > 0) await redis.del(...keys);
    redis.disconnect();
  }

  return {
    database,
    files,
    async start(role, more = []) {
      const node = await startServerProcess({
        dataDir: path.join(directory, `${role}-${started++}`),
        args: [
          ...["--role", role, "--database-url", database.url],
          ...["--queue-url", queueUrl, "--files-url", files],
          ...["--test-models", "--without-builtin", "--workers", "2", ...args, ...more],
        ],
      });
      nodes.push(node);
      return node;
    },
    loseQueue,
    async remove() {
      // What was stopped on purpose does not end before it may go on.
      await Promise.all(nodes.map((node) => node.kill("SIGKILL")));
      if (queue === "redis") await loseQueue();
      await database.drop();
      await rm(directory, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** A create of `test/steps` at any node that answers requests; gives the run's id. */
export async function createAt(
  { url }: ListeningServer,
  params: Readonly<Record<string, number>>,
  model = "test/steps",
): Promise<string> {
  const form = new FormData();
  form.set("image", new Blob([picture()], { type: "image/png" }), "p.png");
  form.set("model_id", model);
  form.set("params", JSON.stringify(params));
  const answer = await fetch(`${url}/workflow-runs/from-image`, { method: "POST", body: form });
  if (answer.status !== 200) throw new Error(await answer.text());
  return ((await answer.json()) as { run_id: string }).run_id;
}

/** The run as any node that answers requests tells it, held against the strict table. */
export async function readAt({ url }: ListeningServer, runId: string): Promise<StrictRun> {
  return StrictRun.parse(await (await fetch(`${url}/workflow-runs/${runId}`)).json());
}

/** Waits until the run is in one of these statuses. */
export function untilAt(
  node: ListeningServer,
  runId: string,
  ...statuses: StrictRun["status"][]
): Promise<StrictRun> {
  return vi.waitFor(
    async () => {
      const run = await readAt(node, runId);
      expect(statuses).toContain(run.status);
      return run;
    },
    { timeout: 100_000, interval: 25 },
  );
}
