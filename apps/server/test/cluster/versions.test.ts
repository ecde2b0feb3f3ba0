import { describe, expect, it, onTestFinished } from "vitest";

import { HAS_SERVICES, servicesForTests } from "../support/services/for-tests.ts";
import { createAt, makeCluster, readAt, untilAt } from "./cluster.ts";

/** What a node of a later version tells of a model: more than this version knows, and a kind of parameter of its own. */
const LATER_OFFER = {
  descriptor: {
    ...{ id: "later/model", name: "Later", description: "", version: "2.0.0" },
    params_schema: [{ id: "tint", label: "Tint", type: "colour", default: "#fff", space: "srgb" }],
    ...{ knowsAllParams: true, needs: { gpu: true } },
  },
  slot: { name: "later", places: 1, weight: 3 },
  price: 2,
};

describe.runIf(HAS_SERVICES)("nodes of two versions on one store", () => {
  it("those of this one start and work where a later one has been, and wait for its workers with what only they run", async () => {
    const cluster = await makeCluster(await servicesForTests());
    onTestFinished(cluster.remove);
    const { query, schema } = cluster.database;
    const [before, worker] = await Promise.all([cluster.start("api"), cluster.start("worker")]);
    const earlier = await createAt(before, { steps: 2, step_ms: 10 });
    await untilAt(before, earlier, "done");

    // A later version starts: it adds to the layout, and announces itself in its own words.
    await query(`alter table ${schema}.runs add column priority integer not null default 0`);
    await query(`alter table ${schema}.members add column version text`);
    await query(`create table ${schema}.tenants (id text primary key)`);
    await query(`update ${schema}.layout set version = version + 1`);
    await query(
      `insert into ${schema}.members (id, offers, seen_at, version)
       values ('later', '${JSON.stringify([LATER_OFFER])}', clock_timestamp() + interval '1 hour', '2.0.0')`,
    );

    // Those that run go on, and those that start find their way.
    const after = await cluster.start("api");
    await cluster.start("worker");
    await worker.kill("SIGTERM");
    for (const node of [before, after]) {
      expect(await (await fetch(`${node.url}/health`)).json()).toMatchObject({ status: "ok" });
      const runId = await createAt(node, { steps: 2, step_ms: 10 });
      await untilAt(node, runId, "done");
      expect(await readAt(node, earlier)).toMatchObject({ status: "done" });
      const models = await (await fetch(`${node.url}/model/all`)).json();
      expect(JSON.stringify(models)).toContain("later/model");
      const params = await fetch(`${node.url}/model/params?model_id=later/model`);
      expect([params.status, await params.text()]).toEqual([200, expect.stringContaining("tint")]);
      const waits = await createAt(node, {}, "later/model");
      expect(await readAt(node, waits)).toMatchObject({ status: "pending" });
    }
  });
});
