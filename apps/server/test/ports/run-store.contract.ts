import { RUN_STATUSES } from "@modly-runs/contract";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { NewRun, RowSelection, RunRow, RunStore } from "../../src/stores/run-store.ts";

/** A place to keep runs that outlives the store which writes to it. */
export interface StorePlace {
  open(): Promise<RunStore>;
  remove(): Promise<void>;
}

const ROOM = 1000;

export function newRun(runId: string, more: Partial<NewRun> = {}): NewRun {
  return {
    runId,
    modelId: "test/steps",
    collection: "Default",
    params: { steps: 3 },
    upload: `upload-of-${runId}`,
    createdAt: 1_000,
    idempotency: null,
    ...more,
  };
}

async function created(store: RunStore, runId: string): Promise<RunRow> {
  const outcome = await store.create(newRun(runId), ROOM);
  if (outcome.kind !== "created") throw new Error(outcome.kind);
  return outcome.row;
}

/** What every store must do, whatever it is made of. */
export function describeRunStore(name: string, makePlace: () => Promise<StorePlace>): void {
  describe(`the run store of ${name}`, () => {
    let place: StorePlace;
    let store: RunStore;
    beforeEach(async () => {
      place = await makePlace();
      store = await place.open();
    });
    afterEach(async () => {
      await store.close();
      await place.remove();
    });

    it("keeps what was created, as a run that waits", async () => {
      const row = await created(store, "a");
      expect(row).toEqual({
        ...{ runId: "a", modelId: "test/steps", collection: "Default" },
        ...{ upload: "upload-of-a", status: "pending", progress: 0, step: null, error: null },
        ...{ workspacePath: null, meshSha256: null, meshBytes: null, meshIsOurs: false },
        ...{ handle: null, owner: null, attempts: 0, revision: 1 },
        ...{ createdAt: 1_000, startedAt: null, finishedAt: null },
      });
      expect(await store.get("a")).toEqual(row);
      expect(await store.paramsOf("a")).toEqual({ steps: 3 });
      for (const other of ["b", "a\0", "\0", "\ud800", "x".repeat(9000)]) {
        expect(await store.get(other)).toBeUndefined();
        expect(await store.paramsOf(other)).toBeUndefined();
        expect(await store.retirement.isRetired(other)).toBe(false);
      }
    });

    it("keeps any params as they are", async () => {
      let n = 0;
      await fc.assert(
        fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), async (params) => {
          const given = JSON.parse(JSON.stringify(params)) as Record<string, unknown>;
          const runId = `p${n++}`;
          await store.create(newRun(runId, { params: given }), ROOM);
          expect(await store.paramsOf(runId)).toEqual(given);
        }),
        { numRuns: 50 },
      );
    });

    it("changes a run only for whoever saw it last", async () => {
      const seen = await created(store, "a");
      const changed = await store.change(seen, { status: "running", step: "Go", attempts: 1 });
      expect(changed).toMatchObject({ status: "running", step: "Go", attempts: 1, revision: 2 });
      expect(await store.change(seen, { status: "cancelled" })).toBeUndefined();
      expect(await store.get("a")).toEqual(changed);
    });

    it("changes nothing for an owner or an attempt that is no longer the run's", async () => {
      const begun = (await store.change(await created(store, "a"), {
        status: "running",
        owner: "one",
        attempts: 1,
      }))!;
      expect(begun.owner).toBe("one");
      for (const other of [{ owner: "two" }, { owner: null }, { attempts: 2 }])
        expect(await store.change({ ...begun, ...other }, { progress: 9 })).toBeUndefined();
      const released = (await store.change(begun, { owner: null }))!;
      expect(released.owner).toBeNull();
      expect(await store.change(released, { owner: "two", attempts: 2 })).toMatchObject({
        owner: "two",
        attempts: 2,
      });
    });

    it("takes whatever a generator says", async () => {
      let row = (await store.change(await created(store, "a"), { status: "running" }))!;
      for (const step of ["\0", "a\0b", "\ud800", "💾", "x".repeat(9000)]) {
        row = (await store.change(row, { step, handle: step }))!;
        expect(await store.get("a")).toEqual(row);
      }
      expect(row).toMatchObject({ step: "x".repeat(9000), handle: "x".repeat(9000) });
    });

    it("lets exactly one of many that race win", async () => {
      const seen = await created(store, "a");
      const tries = RUN_STATUSES.slice(1).map((status) => store.change(seen, { status }));
      const won = (await Promise.all(tries)).filter((row) => row !== undefined);
      expect(won).toHaveLength(1);
      expect(await store.get("a")).toEqual(won[0]);
    });

    it("keeps the revision of an ended run, whatever is tidied up", async () => {
      const running = (await store.change(await created(store, "a"), {
        status: "running",
        handle: "h",
      }))!;
      const ended = (await store.change(running, { status: "cancelled" }))!;
      const tidied = await store.change(ended, { handle: null });
      expect(tidied).toEqual({ ...ended, handle: null });
    });

    it("admits no more than there is room for, and counts only those that wait", async () => {
      const first = await created(store, "a");
      await created(store, "b");
      expect(await store.create(newRun("c"), 2)).toEqual({ kind: "full" });
      expect(await store.get("c")).toBeUndefined();
      await store.change(first, { status: "running" });
      expect(await store.create(newRun("c"), 2)).toMatchObject({ kind: "created" });
    });

    it("makes one run of one key", async () => {
      const idempotency = { key: "k", digest: "d" };
      expect(await store.create(newRun("a", { idempotency }), ROOM)).toMatchObject({
        kind: "created",
      });
      expect(await store.create(newRun("b", { idempotency }), ROOM)).toEqual({
        kind: "repeated",
        runId: "a",
      });
      const other = { key: "k", digest: "e" };
      expect(await store.create(newRun("c", { idempotency: other }), ROOM)).toEqual({
        kind: "mismatch",
      });
      expect(await store.get("b")).toBeUndefined();
      // Also when there is no room: it is no new run.
      expect(await store.create(newRun("d", { idempotency }), 0)).toEqual({
        kind: "repeated",
        runId: "a",
      });
    });

    it("lists what is active, and what ended and left something, oldest first", async () => {
      const rows = new Map<string, RunRow>();
      for (const id of ["a", "b", "c", "d", "e"]) rows.set(id, await created(store, id));
      const change = (id: string, to: Parameters<RunStore["change"]>[1]) =>
        store.change(rows.get(id)!, to);
      await change("b", { status: "running" });
      await change("c", { status: "done", workspacePath: "Default/c.glb" });
      await change("d", { status: "cancelled", workspacePath: "Default/d.glb" });
      await change("e", { status: "error", handle: "h" });
      const ids = async (selection: RowSelection) =>
        (await store.list(selection)).map(({ runId }) => runId);
      expect(await ids("active")).toEqual(["a", "b"]);
      expect(await ids("running")).toEqual(["b"]);
      expect(await ids("unsettled")).toEqual(["d", "e"]);
    });

    it("counts what is active by status and model", async () => {
      const seen = await created(store, "a");
      await created(store, "b");
      await store.create(newRun("c", { modelId: "other" }), ROOM);
      await store.change(seen, { status: "running" });
      const counts = await store.countActive();
      expect(
        counts.toSorted((a, b) => a.modelId.localeCompare(b.modelId) || a.runs - b.runs),
      ).toEqual([
        { status: "pending", modelId: "other", runs: 1 },
        expect.objectContaining({ modelId: "test/steps", runs: 1 }),
        expect.objectContaining({ modelId: "test/steps", runs: 1 }),
      ]);
    });

    it("retires ended runs with their keys, oldest end first, and knows what is left of them", async () => {
      const end = async (runId: string, finishedAt: number, more: object = {}) => {
        const idempotency = { key: runId, digest: "d" };
        const outcome = await store.create(newRun(runId, { idempotency }), ROOM);
        if (outcome.kind !== "created") throw new Error(outcome.kind);
        await store.change(outcome.row, { status: "done", finishedAt, ...more });
      };
      const mesh = { workspacePath: "Default/b.glb", meshSha256: "s", meshBytes: 70 };
      await created(store, "waits");
      await end("late", 3_000, { ...mesh, meshIsOurs: true, meshBytes: 30 });
      await end("early", 2_000, { ...mesh, meshIsOurs: true });
      await end("theirs", 2_000, { ...mesh, workspacePath: "Default/t.glb", meshIsOurs: false });
      const { retirement } = store;
      expect(await retirement.keptBytes()).toBe(100);
      const [first] = await retirement.oldest(1);
      expect(first).toMatchObject({ runId: "early", meshPath: "Default/b.glb", meshBytes: 70 });
      const rest = await retirement.oldest(9, first);
      expect(rest.map(({ runId, meshPath }) => [runId, meshPath])).toEqual([
        ["theirs", null],
        ["late", "Default/b.glb"],
      ]);
      expect(await retirement.retire("waits", 5_000)).toBe(false);
      expect(await retirement.retire("nobody", 5_000)).toBe(false);
      expect(await retirement.retire("early", 5_000)).toBe(true);
      expect(await store.get("early")).toBeUndefined();
      expect(await store.findByKey("early")).toBeUndefined();
      expect(await retirement.isRetired("early")).toBe(true);
      expect(await retirement.isRetired("nobody")).toBe(false);
      expect(await retirement.keptBytes()).toBe(30);
      // A crash here leaves the mesh, and a note of it.
      await store.close();
      store = await place.open();
      expect(await store.retirement.unremoved()).toMatchObject([
        { runId: "early", meshPath: "Default/b.glb", meshSha256: "s", meshBytes: 70 },
      ]);
      await store.retirement.removed("early");
      expect(await store.retirement.unremoved()).toEqual([]);
      expect(await store.retirement.isRetired("early")).toBe(true);
    });

    it("has everything again after it was opened anew", async () => {
      const idempotency = { key: "k", digest: "d" };
      await store.create(newRun("a", { idempotency }), ROOM);
      const before = await store.get("a");
      await store.close();
      store = await place.open();
      expect(await store.get("a")).toEqual(before);
      expect(await store.create(newRun("b", { idempotency }), ROOM)).toEqual({
        kind: "repeated",
        runId: "a",
      });
    });
  });
}
