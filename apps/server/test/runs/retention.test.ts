import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

import fc from "fast-check";
import { expect, test } from "vitest";

import { readConfig } from "../../src/config.ts";
import { describePrune } from "../../src/prune.ts";
import { createReads } from "../../src/runs/reads.ts";
import { dueOf } from "../../src/runs/retention.ts";
import { createLibsqlStore } from "../../src/stores/libsql.ts";
import type { EndedRun } from "../../src/stores/run-store.ts";
import { openApp, scratch } from "../support/app.ts";
import { createHeld, source, writeMesh } from "../support/generators.ts";
import { expectProblem } from "../support/raw.ts";
import { startServerProcess } from "../support/server-process.ts";

const HELD = { model_id: "fake/held", params: "{}" };
/** So that tests may read what is to go. */
const readMs = 1;

test("runs go with their keys and meshes when their time is over, active ones never", async () => {
  const held = createHeld();
  const retention = { keepMs: 1, keepBytes: null, readMs };
  const app = await openApp({ retention, sources: [held.source] });
  const waits = await app.create(HELD);
  const headers = { "Idempotency-Key": "again" };
  const { body } = await app.post({ headers }).expect(200);
  const { run_id: id } = body as { run_id: string };
  await expect
    .poll(async () => (await app.api().get(`/workflow-runs/${id}`)).status, { timeout: 20_000 })
    .toBe(404);
  const refused = expectProblem(await app.api().get(`/workflow-runs/${id}`));
  expect(refused).toMatchObject({ code: "run_not_found" });
  expect(refused.detail).toMatch(/^This run was retired/);
  expect(expectProblem(await app.api().post(`/workflow-runs/${id}/cancel`)).detail).toMatch(
    /^This run was retired/,
  );
  const never = await app.api().get("/workflow-runs/never-was");
  expect(expectProblem(never).detail).toMatch(/^There is no run/);
  await expect.poll(async () => (await app.leftOnDisk()).meshes).toEqual([]);
  const again = await app.post({ headers }).expect(200);
  expect((again.body as { run_id: string }).run_id).not.toBe(id);
  expect((await app.read(waits)).status).not.toBe("done");
  held.runs.get(waits)!.finish();
});

test("the runs that ended first go until the meshes fit", async () => {
  const dataDir = await scratch();
  const before = await openApp({ dataDir });
  const ids: string[] = [];
  for (let count = 0; count < 4; count++) {
    ids.push(await before.create());
    await before.ended(ids.at(-1)!);
  }
  const collection = path.join(before.workspaceDir, "Default");
  const [mesh] = await readdir(collection);
  const { length: bytes } = await readFile(path.join(collection, mesh!));
  await before.stop();
  const app = await openApp({
    dataDir,
    retention: { keepMs: null, keepBytes: 2 * bytes, readMs },
  });
  await expect
    .poll(async () => (await app.leftOnDisk()).meshes, { timeout: 20_000 })
    .toHaveLength(2);
  for (const id of ids.slice(0, 2)) await app.api().get(`/workflow-runs/${id}`).expect(404);
  for (const id of ids.slice(2)) expect(await app.read(id)).toMatchObject({ status: "done" });
  const next = await app.create();
  await app.ended(next);
  await expect
    .poll(() => app.api().get(`/workflow-runs/${ids[2]}`), { timeout: 20_000 })
    .toMatchObject({ status: 404 });
  // The row goes first, its mesh right after.
  const kept = [`steps-${ids[3]}.glb`, `steps-${next}.glb`].toSorted();
  await expect.poll(async () => (await readdir(collection)).toSorted()).toEqual(kept);
});

test("a run or a mesh that is read stays for a while", async () => {
  const dataDir = await scratch();
  const before = await openApp({ dataDir });
  const runs = [];
  for (let count = 0; count < 3; count++) runs.push(await before.ended(await before.create()));
  await before.stop();
  const retention = { keepMs: 1500, keepBytes: null, readMs: 3_600_000 };
  const app = await openApp({ dataDir, retention });
  const [read, fetched, neither] = runs;
  await app.read(read!.run_id);
  await app.api().get(fetched!.output_url!).expect(200);
  await expect
    .poll(async () => (await app.leftOnDisk()).meshes, { timeout: 20_000 })
    .not.toContain(path.basename(neither!.output_url!));
  expect((await app.leftOnDisk()).meshes).toHaveLength(2);
  expect(await app.read(read!.run_id)).toEqual(read);
});

test("a mesh that was there before its run, or that two runs show, is not taken from the other", async () => {
  const named = source("named", async (input) => {
    const made = await writeMesh(input);
    return { ...made, workspacePath: "Default/named.glb" };
  });
  const dataDir = await scratch();
  const app = await openApp({ dataDir, sources: [named] });
  const fields = { model_id: "fake/named", params: "{}" };
  const first = await app.ended(await app.create(fields));
  const second = await app.ended(await app.create(fields));
  expect(second.output_url).toBe(first.output_url);
  await app.stop();
  const store = await createLibsqlStore(path.join(dataDir, "runs.db"));
  const gone = async (id: string) => {
    await store.retirement.retire(id, Date.now());
    return (await store.retirement.unremoved()).map(({ meshPath }) => meshPath);
  };
  expect(await gone(first.run_id)).toEqual([]);
  expect(await gone(second.run_id)).toEqual(["Default/named.glb"]);
  await store.close();
});

test("a start finishes what a crash cut off between a run and its mesh", async () => {
  const dataDir = await scratch();
  const before = await openApp({ dataDir });
  const { run_id: id } = await before.ended(await before.create());
  const { run_id: kept } = await before.ended(await before.create());
  await before.stop();
  const store = await createLibsqlStore(path.join(dataDir, "runs.db"));
  await store.retirement.retire(id, Date.now());
  await store.close();
  const app = await openApp({ dataDir });
  await expect
    .poll(async () => (await app.leftOnDisk()).meshes, { timeout: 20_000 })
    .toEqual([`steps-${kept}.glb`]);
  await app.api().get(`/workflow-runs/${id}`).expect(404);
});

test("killed again and again while it retires: no run without its mesh, no mesh without its run", async () => {
  const dataDir = await scratch();
  const before = await openApp({ dataDir });
  const ids: string[] = [];
  for (let count = 0; count < 40; count++) ids.push(await before.create());
  for (const id of ids) await before.ended(id);
  await before.stop();
  const workspace = path.join(dataDir, "workspace", "Default");
  for (let kill = 0; kill < 3; kill++) {
    const many = (await readdir(workspace)).length;
    const server = await startServerProcess({ dataDir, args: ["--keep-bytes=1kb"] });
    await expect
      .poll(async () => (await readdir(workspace)).length, { interval: 1 })
      .not.toBe(many);
    await server.kill("SIGKILL");
  }
  const after = await openApp({ dataDir });
  const store = await Promise.all(ids.map((id) => after.api().get(`/workflow-runs/${id}`)));
  const alive = ids.filter((_id, at) => store[at]!.status === 200);
  await expect
    .poll(async () => (await after.leftOnDisk()).meshes.toSorted(), { timeout: 20_000 })
    .toEqual(alive.map((id) => `steps-${id}.glb`).toSorted());
});

test("prune --dry-run tells what would go, and touches nothing", async () => {
  const dataDir = await scratch();
  const app = await openApp({ dataDir });
  const { run_id: id } = await app.ended(await app.create());
  const text = (...flags: string[]) => {
    const read = readConfig([`--data-dir=${dataDir}`, ...flags], {});
    if (read.kind !== "config") throw new Error(JSON.stringify(read));
    return describePrune(read.config, Date.now() + 3_600_000);
  };
  expect(await text()).toMatch(/^Nothing: runs are kept for ever/);
  expect(await text("--keep-runs=30m")).toMatch(
    new RegExp(`^${id}  ended .*steps-${id}.glb\n1 runs would go`),
  );
  expect(await text("--keep-runs=2h")).toMatch(/^0 runs would go/);
  expect(await readdir(path.join(app.workspaceDir, "Default"))).toEqual([`steps-${id}.glb`]);
});

test("what goes: all that are old, and from the oldest as many as are too much", () => {
  const run = fc.record({ age: fc.nat(100), meshBytes: fc.nat(50), own: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(run),
      fc.option(fc.nat(100)),
      fc.option(fc.nat(300)),
      (given, keepMs, keepBytes) => {
        const runs = given
          .toSorted((a, b) => b.age - a.age)
          .map(({ age, meshBytes, own }, place): EndedRun => ({
            ...{ runId: String(place), finishedAt: 1000 - age, place, meshBytes },
            ...{ meshPath: own ? `m/${place}` : null, meshSha256: null },
          }));
        const sum = (of: readonly EndedRun[]) =>
          of.reduce((total, each) => total + (each.meshPath === null ? 0 : each.meshBytes), 0);
        const due = dueOf(runs, { keepMs, keepBytes }, sum(runs), 1000);
        // Oldest first, none left out.
        expect(due).toEqual(runs.slice(0, due.length));
        const rest = runs.slice(due.length);
        if (keepMs !== null)
          expect(rest.every(({ finishedAt }) => finishedAt > 1000 - keepMs)).toBe(true);
        if (keepBytes !== null) expect(sum(rest)).toBeLessThanOrEqual(keepBytes);
        // The last that went was old, or what was left with it was too much.
        const last = due.at(-1);
        if (last)
          expect(
            (keepMs !== null && last.finishedAt <= 1000 - keepMs) ||
              (keepBytes !== null && sum([last, ...rest]) >= keepBytes),
          ).toBe(true);
      },
    ),
  );
});

test("reads are remembered for the time, and forgotten after twice of it", () => {
  let now = 0;
  const reads = createReads(10, () => now);
  reads.note("a");
  now = 9;
  expect(reads.isRecent("a")).toBe(true);
  now = 11;
  reads.note("b");
  expect([reads.isRecent("a"), reads.isRecent("b")]).toEqual([true, true]);
  now = 22;
  expect([reads.isRecent("a"), reads.isRecent("b")]).toEqual([false, true]);
  now = 60;
  expect(reads.isRecent("b")).toBe(false);
});

test.each([
  ["--keep-runs=30d", 30 * 86_400_000],
  ["--keep-runs=90s", 90_000],
  ["--keep-bytes=20GiB", 20 * 1024 ** 3],
  ["--keep-bytes=500mb", 500e6],
])("%s is understood", (flag, value) => {
  const read = readConfig([flag], {});
  if (read.kind !== "config") throw new Error(JSON.stringify(read));
  const { keepMs, keepBytes } = read.config.retention;
  expect(flag.startsWith("--keep-runs") ? keepMs : keepBytes).toBe(value);
});

test.each([
  "--keep-runs=30",
  "--keep-runs=d",
  "--keep-runs=0s",
  "--keep-bytes=10",
  "--keep-bytes=-1GB",
])("%s is refused in a sentence", (flag) => {
  expect(readConfig([flag], {})).toMatchObject({
    kind: "refused",
    why: expect.stringMatching(/^--keep-\w+ must be a (?:time|size) such as/),
  });
});
