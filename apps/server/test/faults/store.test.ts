import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";

import Database from "libsql";
import { expect, onTestFinished, test } from "vitest";

import { createDirectoryFiles } from "../../src/files/directory.ts";
import { createLibsqlStore } from "../../src/stores/libsql.ts";
import type { NewRun } from "../../src/stores/run-store.ts";
import { openApp, scratch } from "../support/app.ts";
import { createTo, untilEnded } from "../support/creates.ts";
import { createHeld } from "../support/generators.ts";
import { picture } from "../support/pictures.ts";
import { expectProblem } from "../support/raw.ts";
import { startServerProcess } from "../support/server-process.ts";

const HELD = { model_id: "fake/held", params: "{}" };

/** Holds the store's file as another program would; gives the way to let go. */
function holdStore(dataDir: string): () => void {
  const other = new Database(path.join(dataDir, "runs.db"));
  onTestFinished(() => void other.close());
  other.exec("begin immediate");
  return () => void other.exec("rollback");
}

test("reads and /health go on while a change waits for a store that is busy", async () => {
  const held = createHeld();
  const app = await openApp({ sources: [held.source] });
  const done = await app.create();
  await app.ended(done);
  const running = await app.create(HELD);
  await expect.poll(() => held.runs.has(running)).toBe(true);

  const letGo = holdStore(app.dataDir);
  let isAnswered = false;
  const created = app.post().then((answer) => {
    isAnswered = true;
    return answer;
  });
  held.runs.get(running)!.finish();
  for (let count = 0; count < 20; count++) {
    await app.api().get("/health").expect(200);
    expect(await app.read(done)).toMatchObject({ status: "done" });
    expect(await app.read(running)).toMatchObject({ status: "running" });
  }
  expect(isAnswered).toBe(false);
  letGo();
  expect((await created).status).toBe(200);
  expect((await app.ended(running)).status).toBe("done");
});

test("a store that is busy for long refuses creates, and is as before afterwards", async () => {
  const held = createHeld({ places: 2 });
  const app = await openApp({ sources: [held.source] });
  const [first, second] = [await app.create(HELD), await app.create(HELD)];
  for (const id of [first, second]) await expect.poll(() => held.runs.has(id)).toBe(true);

  const letGo = holdStore(app.dataDir);
  held.runs.get(first)!.report(30, "A third");
  held.runs.get(first)!.finish();
  const refused = await Promise.all([app.post(), app.post(), app.post()]);
  for (const answer of refused)
    expect(expectProblem(answer)).toMatchObject({ status: 503, code: "storage_busy" });
  letGo();

  expect((await app.ended(first)).status).toBe("done");
  held.runs.get(second)!.report(60, "Further");
  await expect.poll(() => app.read(second)).toMatchObject({ progress: 60 });
  for (let count = 0; count < 3; count++)
    expect((await app.ended(await app.create())).status).toBe("done");
  held.runs.get(second)!.finish();
  expect((await app.ended(second)).status).toBe("done");
  await expect.poll(async () => (await app.leftOnDisk()).uploads).toEqual([]);
});

test("a store that is deleted under the server: said, refused, and taken up when it is back", async () => {
  const held = createHeld();
  const app = await openApp({ sources: [held.source] });
  const running = await app.create(HELD);
  await expect.poll(() => held.runs.has(running)).toBe(true);
  const file = path.join(app.dataDir, "runs.db");
  await rename(file, `${file}.away`);

  expect(expectProblem(await app.post())).toMatchObject({ status: 503, code: "storage_lost" });
  const health = await app.api().get("/health").expect(200);
  expect(health.body).toMatchObject({ status: "ok", ready: false, not_ready: ["store_lost"] });
  expect(expectProblem(await app.api().get("/health?ready"))).toMatchObject({
    ...{ status: 503, code: "not_ready" },
    detail: "The server can't take a run: its store is gone.",
  });
  // Another file in its place is not the store either, and is left alone.
  await writeFile(file, "somebody else's");
  expect(expectProblem(await app.post())).toMatchObject({ status: 503, code: "storage_lost" });
  expect(await readFile(file, "utf8")).toBe("somebody else's");
  expect(await app.read(running)).toMatchObject({ status: "running" });
  held.runs.get(running)!.finish();

  await rename(`${file}.away`, file);
  await app.api().get("/health?ready=1").expect(200);
  expect((await app.ended(running)).status).toBe("done");
  expect((await app.ended(await app.create())).status).toBe("done");
});

function newRun(runId: string, more: Partial<NewRun> = {}): NewRun {
  return {
    ...{ runId, modelId: "test/steps", collection: "Default", createdAt: Date.now() },
    ...{ params: { steps: 1, step_ms: 0 }, upload: runId, idempotency: null, ...more },
  };
}

/** A data directory as a kill leaves it that came when a run's mesh was about to be put in its place. */
async function cutOffWhilePublishing(intended: string, there: string) {
  const dataDir = await scratch();
  const workspaceDir = path.join(dataDir, "workspace");
  const files = await createDirectoryFiles({ dataDir, workspaceDir });
  const mesh = path.join(await files.workDir("w"), "mesh.glb");
  await writeFile(mesh, intended);
  const content = await files.meshes.contentOf(mesh);
  const store = await createLibsqlStore(path.join(dataDir, "runs.db"));
  const outcome = await store.create(newRun("cut-off"), 9);
  if (outcome.kind !== "created") throw new Error(outcome.kind);
  await store.change(outcome.row, {
    ...{ status: "running", step: "Almost", attempts: 1, startedAt: Date.now() },
    ...{ workspacePath: "Default/mug.glb", meshIsOurs: true },
    ...{ meshSha256: content.sha256, meshBytes: content.bytes },
  });
  await store.close();
  await writeFile(path.join(dataDir, "uploads", "cut-off"), picture());
  await mkdir(path.join(workspaceDir, "Default"));
  await writeFile(path.join(workspaceDir, "Default", "mug.glb"), there);
  return { dataDir, workspaceDir };
}

test("a recovery takes the run's own mesh for its end, and no other file", async () => {
  const own = await openApp(await cutOffWhilePublishing("its own mesh", "its own mesh"));
  expect(await own.ended("cut-off")).toMatchObject({
    status: "done",
    output_url: "/workspace/Default/mug.glb",
  });

  const place = await cutOffWhilePublishing("its own mesh", "not its mesh");
  const other = await openApp(place);
  const run = await other.ended("cut-off");
  expect(run.status).toBe("done");
  expect(run.output_url).not.toBe("/workspace/Default/mug.glb");
  expect(await readFile(path.join(place.workspaceDir, "Default", "mug.glb"), "utf8")).toBe(
    "not its mesh",
  );
  const { headers } = await other.api().get(run.output_url!).expect(200);
  expect(headers["content-type"]).toBe("model/gltf-binary");
});

test("neither a start nor /metrics reads what the active runs were created with", async () => {
  const dataDir = await scratch();
  const store = await createLibsqlStore(path.join(dataDir, "runs.db"));
  for (let count = 0; count < 20; count++) await store.create(newRun(`waits-${count}`), 99);
  await store.close();
  const db = new Database(path.join(dataDir, "runs.db"));
  // Whoever parses this fails.
  db.exec("update runs set model_id = 'fake/held', params = '{' where run_id <> 'waits-0'");
  db.exec("update runs set model_id = 'fake/held', params = '{}' where run_id = 'waits-0'");
  db.close();
  const held = createHeld();
  const app = await openApp({ dataDir, sources: [held.source] });
  await app.until("waits-0", "running");
  const { text } = await app.api().get("/metrics").expect(200);
  expect(text).toContain('modly_runs_active{status="pending",model="fake/held"} 19');
  expect(await app.read("waits-7")).toMatchObject({ status: "pending", queue_position: 6 });
});

test("a store of the first version is brought up to date with all that is in it", async () => {
  const dataDir = await scratch();
  const app = await openApp({ dataDir });
  const id = await app.create();
  const before = await app.ended(id);
  await app.stop();
  const db = new Database(path.join(dataDir, "runs.db"));
  db.exec(`drop index runs_active; drop index runs_unsettled; drop index runs_ended; drop index runs_of_others;
    drop table retired;
    alter table runs drop column mesh_sha256; alter table runs drop column mesh_bytes;
    alter table runs drop column mesh_is_ours; alter table runs drop column owner;
    create index runs_by_status on runs (status, seq);
    pragma user_version = 1`);
  db.close();
  const again = await openApp({ dataDir });
  expect(await again.read(id)).toEqual(before);
  expect((await again.ended(await again.create())).status).toBe("done");
});

/** Node's own event leads to a server's thread: a signal sends it what it can't read, and it dies of that. */
const END_OF_THREAD = `process.once("worker", (thread) =>
  process.once("SIGUSR2", () => thread.postMessage(1)));`;

test("a store that can't be written any more ends the server, and the next one goes on", async () => {
  const dataDir = await scratch();
  const args = ["--test-models", "--without-builtin", "--log-level=info"];
  const preload = path.join(dataDir, "end-of-thread.mjs");
  await writeFile(preload, END_OF_THREAD);
  const first = await startServerProcess({
    ...{ dataDir, args },
    env: { NODE_OPTIONS: `--import=${pathToFileURL(preload).href}` },
  });
  onTestFinished(async () => void (await first.kill()));
  const { runId } = await createTo(first.url, { fields: { params: '{"steps":1,"step_ms":1500}' } });
  process.kill(first.pid, "SIGUSR2");
  expect(await first.exited).toEqual({ code: 1, signal: null });
  expect(first.stderr()).toMatch(/the store can't be written any more/);

  const second = await startServerProcess({ dataDir, args });
  onTestFinished(async () => void (await second.kill()));
  expect((await untilEnded(second.url, runId)).status).toBe("done");
});
