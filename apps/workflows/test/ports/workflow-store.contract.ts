import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type {
  Webhook,
  WorkflowChange,
  WorkflowRow,
  WorkflowStore,
} from "../../src/stores/workflow-store.ts";

/** A store that is empty, and what takes it away. */
export interface OpenedWorkflows {
  readonly store: WorkflowStore;
  remove(): Promise<void>;
}

/** A workflow that waits to be started. */
export const workflowRow = (id: string, more: Partial<WorkflowRow> = {}): WorkflowRow => ({
  id,
  tenant: "",
  name: "A name's ü",
  description: null,
  webhookUrl: null,
  status: "PENDING",
  settled: true,
  revision: 1,
  resumedFrom: null,
  errors: [],
  body: {
    name: "A name's ü",
    origin_instance: "tests",
    config: { a: [1, "b"] },
    suppress_subtask_events: true,
    steps: [],
  },
  createdAt: 1_700_000_000_000,
  updatedAt: 1_700_000_000_000,
  startedAt: null,
  completedAt: null,
  deletedAt: null,
  ...more,
});

const webhook = (id: string, workflowId = "a", createdAt = 1000): Webhook => ({
  id,
  workflowId,
  type: "workflow.started",
  url: "https://its.example/",
  payload: '{"type":"workflow.started"}',
  createdAt,
});

const EVERYTHING = { includeDeleted: true, skip: 0, limit: 100 };

/** What any store of workflows promises. */
export function describeWorkflowStore(name: string, open: () => Promise<OpenedWorkflows>): void {
  describe(`${name} as a store of workflows`, () => {
    let opened: OpenedWorkflows;
    let store: WorkflowStore;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.remove());
    const first = (id: string) => ({ id, revision: 1 });

    it("gives back what it was given", async () => {
      const row = workflowRow("a", {
        ...{ tenant: "t", description: "d", webhookUrl: "https://its.example/", startedAt: 5 },
        ...{ status: "FAILED", settled: false, resumedFrom: 6, errors: ["one", "two"] },
        ...{ completedAt: 7, deletedAt: 8 },
      });
      expect(await store.create(row)).toBeUndefined();
      expect(await store.get("a")).toEqual(row);
      expect(await store.get("b")).toBeUndefined();
      await expect(store.create(row)).rejects.toThrow(/unique/i);
    });

    it("changes a row that nobody has changed since, and no other", async () => {
      await store.create(workflowRow("a"));
      const outcomes = await Promise.all(
        ["x", "y", "z"].map((each) => store.change(first("a"), { name: each })),
      );
      const [changed, ...others] = outcomes.filter((one) => one !== undefined);
      expect(others).toEqual([]);
      expect(await store.get("a")).toEqual(changed);
      expect(changed).toMatchObject({ revision: 2, status: "PENDING" });
      expect(changed!.updatedAt).toBeGreaterThan(1_700_000_000_000);
      const all: WorkflowChange = {
        ...{ description: "d", webhookUrl: "u", status: "RUNNING" as const, settled: false },
        ...{ resumedFrom: 1, errors: ["e"], startedAt: 2, completedAt: 3, deletedAt: 4 },
      };
      expect(await store.change(changed!, all)).toMatchObject({ ...all, revision: 3 });
      expect(await store.change({ id: "b", revision: 1 }, all)).toBeUndefined();
    });

    it("lists the newest first, narrowed and by pages, and counts them all", async () => {
      const of = (origin_instance: string, origin_tenant_id: string | null) => ({
        ...workflowRow("x").body,
        origin_instance,
        origin_tenant_id,
      });
      await store.create(workflowRow("a", { tenant: "t", body: of("one", "t") }));
      await store.create(
        workflowRow("b", { status: "RUNNING", settled: false, body: of("two", null) }),
      );
      await store.create(workflowRow("c", { deletedAt: 5, body: of("one", null) }));
      const found = async (filter: object) => {
        const { rows, total } = await store.list({ ...EVERYTHING, ...filter });
        return [rows.map(({ id }) => id).join(""), total];
      };
      expect(await found({})).toEqual(["cba", 3]);
      expect(await found({ skip: 1, limit: 1 })).toEqual(["b", 3]);
      expect(await found({ includeDeleted: false })).toEqual(["ba", 2]);
      expect(await found({ tenant: "t" })).toEqual(["a", 1]);
      expect(await found({ originTenantId: "t" })).toEqual(["a", 1]);
      expect(await found({ status: "RUNNING" })).toEqual(["b", 1]);
      expect(await found({ originInstance: "one" })).toEqual(["ca", 2]);
      expect(await found({ originInstance: "one", status: "RUNNING" })).toEqual(["", 0]);
    });

    it("knows what is not settled, the oldest first", async () => {
      for (const id of ["a", "b", "c"])
        await store.create(workflowRow(id, { settled: id === "b" }));
      const waiting = (id: string) => ({ id, status: "PENDING" });
      expect(await store.unsettled()).toEqual([waiting("a"), waiting("c")]);
      expect(await store.running()).toBe(2);
      await store.change(first("a"), { settled: true });
      expect(await store.unsettled()).toEqual([waiting("c")]);
    });

    it("makes one workflow of a key, for each tenant, also of many at once", async () => {
      const create = (id: string, tenant: string, digest = "d") =>
        store.create(workflowRow(id, { tenant }), [webhook(`w-${id}`, id)], { key: "k", digest });
      const made = await Promise.all(Array.from({ length: 8 }, (_, at) => create(`t${at}`, "t")));
      const repeated = made.filter((one) => one !== undefined);
      expect(repeated).toHaveLength(7);
      const { id } = repeated[0]!;
      expect(new Set(repeated.map((one) => JSON.stringify(one))).size).toBe(1);
      expect(await create("other", "t", "e")).toEqual({ id, digest: "d" });
      expect(await create("u", "u")).toBeUndefined();
      expect(await store.earlier("t", "k")).toEqual({ id, digest: "d" });
      expect(await store.earlier("t", "l")).toBeUndefined();
      expect((await store.list(EVERYTHING)).total).toBe(2);
      expect((await store.due(5000, 10, [])).due.map((one) => one.workflowId)).toEqual([id, "u"]);
      // Without a key nothing is known again.
      for (const each of ["x", "y"]) expect(await store.create(workflowRow(each))).toBeUndefined();
    });

    it("stores webhooks with the change they tell of, each once", async () => {
      await store.create(workflowRow("a"), [webhook("1")]);
      await store.change(first("a"), { status: "RUNNING" }, [webhook("2", "a", 2000)]);
      expect(await store.change(first("a"), { status: "RUNNING" }, [webhook("3")])).toBeUndefined();
      await store.add([webhook("2"), webhook("4", "a", 9000)]);
      await store.add([]);
      const { due } = await store.due(5000, 10, []);
      expect(due).toEqual([
        { ...webhook("1"), attempts: 0 },
        { ...webhook("2", "a", 2000), attempts: 0 },
      ]);
      expect((await store.deliveries("a")).map(({ id }) => id)).toEqual(["1", "2", "4"]);
    });

    it("gives as many webhooks as there is room for, and none that is being sent", async () => {
      await store.create(
        workflowRow("a"),
        ["1", "2", "3"].map((id) => webhook(id)),
      );
      await store.add([webhook("4", "a", 9000)]);
      const { due } = await store.due(5000, 2, []);
      expect(due.map(({ id }) => id)).toEqual(["1", "2"]);
      expect((await store.due(5000, 10, ["1", "2"])).due.map(({ id }) => id)).toEqual(["3"]);
      expect((await store.due(500, 10, [])).due).toEqual([]);
    });

    it("keeps what came of a try, and leaves what is over as it is", async () => {
      await store.create(workflowRow("a"), [webhook("1"), webhook("2")]);
      await store.sent("1", { status: "delivered", answered: 200 });
      const failed = { answered: 500, error: "It answered 500.", nextAt: null };
      await store.sent("1", { status: "failed", ...failed });
      await store.sent("2", { status: "pending", ...failed, nextAt: 7000 });
      expect(await store.deliveries("a")).toMatchObject([
        { id: "1", status: "delivered", attempts: 1, last_status: 200, last_error: null },
        { id: "2", status: "pending", attempts: 1, last_status: 500, last_error: failed.error },
      ]);
      expect(await store.due(6000, 10, [])).toEqual({ due: [], nextAt: 7000 });
      expect((await store.due(8000, 10, [])).due).toMatchObject([{ id: "2", attempts: 1 }]);
    });
  });
}
