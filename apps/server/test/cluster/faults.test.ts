import { readdir } from "node:fs/promises";
import path from "node:path";

import { describe, expect, it, onTestFinished, vi } from "vitest";

import { HAS_SERVICES, servicesForTests } from "../support/services/for-tests.ts";
import { createAt, makeCluster, readAt, untilAt } from "./cluster.ts";
import { storm } from "./storm.ts";

const PATIENCE = { timeout: 100_000, interval: 50 };

describe.runIf(HAS_SERVICES)("a cluster that loses parts", () => {
  it("goes on elsewhere with the runs of a worker that was killed, and of one that sleeps; what it brings late is refused", async () => {
    const cluster = await makeCluster(await servicesForTests(), { args: ["--workers", "1"] });
    onTestFinished(cluster.remove);
    const [api, killed, asleep] = await Promise.all([
      cluster.start("api"),
      cluster.start("worker"),
      cluster.start("worker"),
    ]);
    const runIds = await Promise.all([1, 2].map(() => createAt(api, { steps: 15, step_ms: 100 })));
    await Promise.all(runIds.map((runId) => untilAt(api, runId, "running")));
    await killed.kill("SIGKILL");
    process.kill(asleep.pid, "SIGSTOP");
    // A job is lost too: the row alone knows that it waits.
    const waits = await createAt(api, { steps: 1, step_ms: 0 });
    await cluster.loseQueue();
    await cluster.start("worker");
    const ended = await Promise.all([...runIds, waits].map((runId) => untilAt(api, runId, "done")));
    process.kill(asleep.pid, "SIGCONT");
    // Awake, it offers its models again, and works on.
    await vi.waitFor(
      async () =>
        expect(await (await fetch(`${api.url}/health`)).json()).toMatchObject({ nodes: 3 }),
      PATIENCE,
    );
    const later = await untilAt(api, await createAt(api, { steps: 1, step_ms: 0 }), "done");
    for (const run of ended) expect(await readAt(api, run.run_id)).toEqual(run);
    const attempts = await cluster.database.query(
      `select attempts from ${cluster.database.schema}.runs order by seq`,
    );
    expect(attempts.map(({ attempts: nth }) => nth)).toEqual([2, 2, 1, 1]);
    await vi.waitFor(async () => {
      const meshes = await readdir(path.join(cluster.files, "workspace", "Default"));
      expect(meshes.toSorted()).toEqual(
        [...ended, later].map(({ output_url }) => path.basename(output_url ?? "none")).toSorted(),
      );
      expect(await readdir(path.join(cluster.files, "uploads"))).toEqual([]);
    }, PATIENCE);
  });

  it("ends every run it accepted, once, whatever is killed, stopped and cut off, and takes back nothing", async () => {
    const report = await storm({ ms: 8_000, seed: 7, between: [300, 1200] });
    expect(report.wrong).toEqual([]);
    expect(report.accepted).toBeGreaterThan(0);
    expect(report.readable).toBe(report.accepted);
    expect(report.ended).toBe(report.accepted);
    expect(report.orphans).toEqual([]);
  }, 400_000);
});
