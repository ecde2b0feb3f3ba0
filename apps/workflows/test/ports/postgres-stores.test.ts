import { describe, expect, it, onTestFinished, vi } from "vitest";

import { databaseForTest } from "../../../server/test/support/database.ts";
import { HAS_SERVICES, servicesForTests } from "../../../server/test/support/services/for-tests.ts";
import { listen } from "../../src/stores/postgres/listener.ts";
import { openPostgres } from "../../src/stores/postgres.ts";
import { describeFlowStore, flowRun, stepRow } from "./flow-store.contract.ts";
import { describeWorkflowStore, workflowRow } from "./workflow-store.contract.ts";

const PATIENCE = { timeout: 60_000, interval: 10 };

const makeDatabase = async () => databaseForTest((await servicesForTests()).database);

async function open() {
  const database = await makeDatabase();
  const { flows, store } = await openPostgres(database.url);
  return {
    flows,
    store,
    async remove() {
      await store.close();
      await database.drop();
    },
  };
}

/** The stores of some nodes, gone when the test is over. */
async function openNodes(count: number) {
  const database = await makeDatabase();
  const made: string[] = [];
  const nodes = await Promise.all(
    Array.from({ length: count }, () => openPostgres(database.url, (id) => made.push(id))),
  );
  onTestFinished(async () => {
    await Promise.all(nodes.map(({ store }) => store.close()));
    await database.drop();
  });
  return { database, nodes, made };
}

describe.runIf(HAS_SERVICES)("PostgreSQL", () => {
  describeFlowStore("PostgreSQL", open);
  describeWorkflowStore("PostgreSQL", open);

  it("makes its layout once, however many nodes start at the same time", async () => {
    const { database, nodes, made } = await openNodes(8);
    expect(made).toHaveLength(1);
    expect(new Set(nodes.map(({ id }) => id))).toEqual(new Set(made));
    expect(await database.query(`select version from ${database.schema}.layout`)).toHaveLength(1);
    await nodes[0]!.flows.create(flowRun("a"));
    expect(await nodes[7]!.flows.get("a")).toEqual(flowRun("a"));
  });

  it("works on a layout that a newer version has added to, and not on one it can't know", async () => {
    const { database, nodes } = await openNodes(1);
    await database.query(`update ${database.schema}.layout set version = 99`);
    await database.query(
      `alter table ${database.schema}.workflows add column newer text default 'x'`,
    );
    const later = await openPostgres(database.url);
    await later.store.create(workflowRow("a"));
    expect(await nodes[0]!.store.get("a")).toEqual(workflowRow("a"));
    await later.store.close();
    await database.query(`update ${database.schema}.layout set needs = 99`);
    await expect(openPostgres(database.url)).rejects.toThrow(/newer version/);
  });

  it("refuses what can't be the name of a schema", async () => {
    const url = new URL((await servicesForTests()).database);
    url.searchParams.set("schema", "x; drop table workflows");
    await expect(openPostgres(url.href)).rejects.toThrow(/schema/);
  });

  it("gives a webhook to one of the nodes that ask for it at once, and again when it is not heard of", async () => {
    const { nodes } = await openNodes(3);
    const webhook = (id: string) => ({
      ...{ id, workflowId: "a", type: "t", url: "u", payload: "{}", createdAt: 1000 },
    });
    await nodes[0]!.store.create(
      workflowRow("a"),
      Array.from({ length: 20 }, (_, at) => webhook(`w${at}`)),
    );
    const given = await Promise.all(nodes.map(({ store }) => store.due(2000, 20, [])));
    const ids = given.flatMap(({ due }) => due.map(({ id }) => id));
    expect([ids.length, new Set(ids).size]).toEqual([20, 20]);
    const later = await nodes[1]!.store.due(2000 + 60_000, 20, []);
    expect(later.due).toHaveLength(20);
  });

  it("tells of what other nodes changed, also after the connections were cut", async () => {
    const { database, nodes } = await openNodes(2);
    const [here, there] = nodes;
    const told = vi.fn<(id: string) => void>();
    onTestFinished(listen(there!.place, { watched: () => ["watched"], publish: told }));
    // Whoever begins to listen may have missed something.
    await vi.waitFor(() => expect(told).toHaveBeenCalledWith("watched"), PATIENCE);
    const listeners = `application_name = 'modly-workflows ${database.schema} listener'`;
    for (const id of ["a", "b"]) {
      await here!.store.create(workflowRow(id));
      await here!.flows.create(flowRun(id));
      await here!.flows.claim(id, null, { holder: "me", left: 60_000 });
      const changes = [
        () => here!.store.change({ id, revision: 1 }, { name: "other" }),
        () => here!.flows.record(id, "me", { steps: [stepRow("one")] }),
        () => here!.flows.record(id, "me", { status: "done", endedAt: 1 }),
      ];
      for (const change of changes) {
        told.mockClear();
        await change();
        await vi.waitFor(() => expect(told).toHaveBeenCalledWith(id), PATIENCE);
      }
      told.mockClear();
      const cut = await database.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where ${listeners}`,
      );
      expect(cut).toHaveLength(1);
      // By looking meanwhile, and once more when it listens again.
      await vi.waitFor(async () => {
        expect(told).toHaveBeenCalledWith("watched");
        expect(
          await database.query(`select 1 from pg_stat_activity where ${listeners}`),
        ).toHaveLength(1);
      }, PATIENCE);
    }
  });

  it("stores a change once when the connection is cut under it", async () => {
    const { database, nodes } = await openNodes(2);
    const [here, there] = nodes;
    await here!.store.create(workflowRow("a"));
    const cut = () =>
      database.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'modly-workflows ${database.schema}'`,
      );
    let row = (await here!.store.get("a"))!;
    for (let at = 1; at <= 10; at++) {
      const [changed] = await Promise.all([here!.store.change(row, { name: `n${at}` }), cut()]);
      row = changed!;
      expect(row).toMatchObject({ revision: at + 1, name: `n${at}` });
    }
    expect(await there!.store.get("a")).toEqual(row);
  });
});
