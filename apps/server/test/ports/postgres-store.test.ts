import { describe, expect, it, onTestFinished, vi } from "vitest";

import { openPostgres } from "../../src/stores/postgres.ts";
import type { RunRow, RunStore } from "../../src/stores/run-store.ts";
import { databaseForTest, type TestDatabase } from "../support/database.ts";
import { HAS_SERVICES, servicesForTests } from "../support/services/for-tests.ts";
import { describeMembers, offer } from "./members.contract.ts";
import { describeRunStore, newRun } from "./run-store.contract.ts";

async function makeDatabase(): Promise<TestDatabase> {
  return databaseForTest((await servicesForTests()).database);
}

/** A store of two nodes, gone when the test is over. */
async function openTwo() {
  const database = await makeDatabase();
  const nodes = await Promise.all(["a", "b"].map((self) => openPostgres(database.url, self)));
  onTestFinished(async () => {
    await Promise.all(nodes.map(({ store }) => store.close()));
    await database.drop();
  });
  const [here, there] = nodes;
  return { database, here: here!, there: there! };
}

async function created(store: RunStore, runId: string): Promise<RunRow> {
  const outcome = await store.create(newRun(runId), 1000);
  if (outcome.kind !== "created") throw new Error(outcome.kind);
  return outcome.row;
}

/** The rows that a watcher has been told of so far. */
function watching(store: RunStore, runId: string) {
  const told: RunRow[] = [];
  onTestFinished(store.watch(runId, (row) => told.push(row)));
  return told;
}

const PATIENCE = { timeout: 60_000, interval: 10 };

describe.runIf(HAS_SERVICES)("PostgreSQL", () => {
  describeRunStore("PostgreSQL", async () => {
    const database = await makeDatabase();
    return {
      open: async () => (await openPostgres(database.url, "here")).store,
      remove: database.drop,
    };
  });

  describeMembers("PostgreSQL", async () => {
    const database = await makeDatabase();
    const { store, members } = await openPostgres(database.url, "here");
    return {
      members,
      async remove() {
        await store.close();
        await database.drop();
      },
    };
  });

  it("makes its layout once, however many nodes start at the same time", async () => {
    const database = await makeDatabase();
    const nodes = await Promise.all(
      Array.from({ length: 8 }, (_, n) => openPostgres(database.url, `node ${n}`)),
    );
    expect(await database.query(`select version from ${database.schema}.layout`)).toHaveLength(1);
    await created(nodes[0]!.store, "a");
    expect(await nodes[7]!.store.get("a")).toMatchObject({ runId: "a" });
    await Promise.all(nodes.map(({ store }) => store.close()));
    await database.drop();
  });

  it("works on a layout that a newer version has added to, and not on one it can't know", async () => {
    const { database, here } = await openTwo();
    await database.query(`update ${database.schema}.layout set version = 99`);
    await database.query(`alter table ${database.schema}.runs add column newer text default 'x'`);
    const later = await openPostgres(database.url, "later");
    const row = await created(later.store, "a");
    expect(await here.store.get("a")).toEqual(row);
    await later.store.close();
    await database.query(`update ${database.schema}.layout set needs = 99`);
    await expect(openPostgres(database.url, "later")).rejects.toThrow(/newer version/);
  });

  it("refuses what can't be the name of a schema", async () => {
    const url = new URL((await servicesForTests()).database);
    url.searchParams.set("schema", "x; drop table runs");
    await expect(openPostgres(url.href, "here")).rejects.toThrow(/schema/);
  });

  it("makes one run of one key that comes to two nodes at the same time", async () => {
    const { here, there } = await openTwo();
    const idempotency = { key: "k", digest: "d" };
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        (n % 2 ? here : there).store.create(newRun(`r${n}`, { idempotency }), 1000),
      ),
    );
    const kinds = outcomes.map(({ kind }) => kind).toSorted();
    expect(kinds).toEqual(["created", ...Array.from({ length: 11 }, () => "repeated")]);
  });

  it("admits no more than there is room for, whichever node they come to", async () => {
    const { here, there } = await openTwo();
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 ? here : there).store.create(newRun(`r${n}`), 7)),
    );
    expect(outcomes.filter(({ kind }) => kind === "created")).toHaveLength(7);
  });

  it("tells a watcher of changes that another node made, in order, up to the last", async () => {
    const { here, there } = await openTwo();
    let row = await created(here.store, "a");
    const told = watching(there.store, "a");
    for (let progress = 1; progress <= 20; progress++)
      row = (await here.store.change(row, { progress }))!;
    await vi.waitFor(() => expect(told.at(-1)).toEqual(row), PATIENCE);
    const revisions = told.map(({ revision }) => revision);
    expect(revisions).toEqual([...new Set(revisions)].toSorted((a, b) => a - b));
  });

  it("tells it also while nobody can be listened to, and after the connections were cut", async () => {
    const { database, here, there } = await openTwo();
    let row = await created(here.store, "a");
    const told = watching(there.store, "a");
    const mine = `application_name like 'modly-runs ${database.schema}%'`;
    const cut = (which: string) =>
      database.query(`select pg_terminate_backend(pid) from pg_stat_activity where ${which}`);
    await vi.waitFor(async () => {
      // Both nodes listen, so that there is something to cut.
      expect(await cut(`${mine} and application_name like '%listener'`)).toHaveLength(2);
    }, PATIENCE);
    for (const which of [`${mine} and application_name like '%listener'`, mine]) {
      await cut(which);
      row = (await here.store.change(row, { progress: row.progress + 1 }))!;
      await vi.waitFor(() => expect(told.at(-1)).toEqual(row), PATIENCE);
    }
  });

  it("takes a node for dead that is not heard, by the database's clock", async () => {
    const { database, here, there } = await openTwo();
    await here.members.announce([offer("a/one")]);
    await there.members.announce([offer("a/two")]);
    const live = async () =>
      (await here.members.list()).filter(({ isLive }) => isLive).map(({ id }) => id);
    expect(await live()).toEqual(["a", "b"]);
    await database.query(
      `update ${database.schema}.members set seen_at = seen_at - interval '1 minute' where id = 'b'`,
    );
    expect(await live()).toEqual(["a"]);
    expect(await there.members.beat()).toBe(true);
    expect(await live()).toEqual(["a", "b"]);
  });
});
