import { readdir } from "node:fs/promises";
import path from "node:path";

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import type { ListeningServer } from "../support/server-process.ts";
import { HAS_SERVICES, servicesForTests } from "../support/services/for-tests.ts";
import { checkInTurn, unmet } from "./conformance.ts";
import { type Cluster, createAt, makeCluster, readAt, untilAt } from "./cluster.ts";

const PATIENCE = { timeout: 100_000, interval: 25 };

const healthOf = async ({ url }: ListeningServer) =>
  (await (await fetch(`${url}/health`)).json()) as Record<string, unknown>;

describe.runIf(HAS_SERVICES).each(["redis", "postgres"] as const)(
  "two API nodes and two workers, the queue on %s",
  (queue) => {
    let cluster: Cluster;
    let one: ListeningServer;
    let other: ListeningServer;
    let workers: ListeningServer[];
    beforeAll(async () => {
      cluster = await makeCluster(await servicesForTests(), { queue });
      const [first, second, ...rest] = await Promise.all(
        (["api", "api", "worker", "worker"] as const).map((role) => cluster.start(role)),
      );
      [one, other, workers] = [first!, second!, rest];
    });
    afterAll(() => cluster?.remove());

    it("a run created at one node is followed at the other, up to its mesh", async () => {
      const runId = await createAt(one, { steps: 4, step_ms: 60 });
      const stream = await fetch(`${other.url}/workflow-runs/${runId}`, {
        headers: { accept: "text/event-stream" },
      });
      const events = (await stream.text()).split("\n").filter((line) => line.startsWith("data: "));
      const last = JSON.parse(events.at(-1)!.slice("data: ".length)) as { output_url: string };
      expect(last).toMatchObject({ run_id: runId, status: "done", progress: 100 });
      expect(events.length).toBeGreaterThan(1);
      for (const { url } of [one, other])
        expect((await fetch(url + last.output_url)).status).toBe(200);
    });

    it("many runs, wherever they are created, end once each, with a mesh of their own", async () => {
      const runIds = await Promise.all(
        Array.from({ length: 24 }, (_, n) =>
          createAt(n % 2 ? one : other, { steps: 2, step_ms: 5 }),
        ),
      );
      const ended = await Promise.all(
        runIds.map((runId, n) => untilAt(n % 3 ? one : other, runId, "done", "error")),
      );
      expect(ended.map(({ status }) => status)).toEqual(runIds.map(() => "done"));
      const meshes = await readdir(path.join(cluster.files, "workspace", "Default"));
      for (const { output_url } of ended)
        expect(meshes).toContain(path.basename(output_url ?? "none"));
      const attempts = await cluster.database.query(
        `select distinct attempts from ${cluster.database.schema}.runs where status = 'done'`,
      );
      expect(attempts).toEqual([{ attempts: 1 }]);
      await vi.waitFor(
        async () => expect(await readdir(path.join(cluster.files, "uploads"))).toEqual([]),
        PATIENCE,
      );
    });

    it("a cancel at one node ends the work, wherever it goes on, and frees its place", async () => {
      const long = await Promise.all([1, 2, 3, 4].map(() => createAt(one, { steps: 10_000 })));
      await Promise.all(long.map((runId) => untilAt(other, runId, "running")));
      const waits = await createAt(other, { steps: 1, step_ms: 0 });
      expect(await readAt(one, waits)).toMatchObject({ status: "pending", queue_position: 0 });
      const cancelled = await fetch(`${other.url}/workflow-runs/${long[0]}/cancel`, {
        method: "POST",
      });
      expect(await cancelled.json()).toMatchObject({ status: "cancelled", cancelled: true });
      expect(await readAt(one, long[0]!)).toMatchObject({ status: "cancelled" });
      // All places were taken: this one has become free.
      await untilAt(one, waits, "done");
      for (const runId of long)
        await fetch(`${one.url}/workflow-runs/${runId}/cancel`, { method: "POST" });
    });

    it.runIf(queue === "redis")(
      "requests that go to both in turn find the contract kept",
      async () => {
        // A sample; `pnpm cluster-conformance` asks all.
        const verdicts = await checkInTurn([one, other], { only: ["CAN"] });
        expect(unmet(verdicts)).toEqual([]);
        expect(verdicts.filter(({ status }) => status === "pass").length).toBeGreaterThan(10);
      },
    );

    it("models come and go with their workers; what waits for one waits on", async () => {
      await vi.waitFor(async () => {
        expect(await healthOf(one)).toMatchObject({ nodes: 4, models_away: [], ready: true });
      }, PATIENCE);
      const [first, ...rest] = workers;
      const held = await Promise.all([1, 2, 3, 4].map(() => createAt(one, { steps: 10_000 })));
      await Promise.all(held.map((runId) => untilAt(one, runId, "running")));
      const waits = await createAt(one, { steps: 1, step_ms: 0 });
      await Promise.all([first!, ...rest].map((worker) => worker.kill("SIGTERM")));
      await vi.waitFor(async () => {
        expect(await (await fetch(`${other.url}/model/all`)).json()).toEqual([]);
      }, PATIENCE);
      await expect(createAt(other, { steps: 1 })).rejects.toThrow(/unknown_model/);
      expect(await readAt(other, waits)).toMatchObject({ status: "pending" });
      expect(await readAt(other, held[0]!)).toMatchObject({
        status: "running",
        step: "Waiting to resume",
      });
      expect(await healthOf(other)).toMatchObject({
        ready: false,
        models_away: [{ model_id: "test/steps", waiting: 1 }],
      });
      // What others announce is read now and then.
      await vi.waitFor(async () => {
        expect(await (await fetch(`${one.url}/metrics`)).text()).toContain(
          'modly_runs_model_workers{model="test/steps"} 0',
        );
      }, PATIENCE);
      for (const runId of held)
        await fetch(`${one.url}/workflow-runs/${runId}/cancel`, { method: "POST" });
      await cluster.start("worker");
      await untilAt(other, waits, "done");
    });
  },
);
