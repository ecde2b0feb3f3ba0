import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";

import { StrictRun } from "@modly-runs/contract";
import { expect, onTestFinished, test } from "vitest";

import { openApp, scratch } from "../support/app.ts";
import { createHeld } from "../support/generators.ts";
import { picture } from "../support/pictures.ts";
import { startServerProcess } from "../support/server-process.ts";

const HELD = { model_id: "fake/held", params: "{}" };

test("a stop uses no attempt: the run is taken up again, its progress held", async () => {
  const dataDir = await scratch();
  let id = "";
  for (let start = 0; start < 5; start++) {
    const held = createHeld();
    const app = await openApp({ dataDir, sources: [held.source], maxAttempts: 2 });
    if (start === 0) id = await app.create(HELD);
    await expect.poll(() => held.runs.has(id)).toBe(true);
    const run = held.runs.get(id)!;
    if (start === 0) {
      run.report(42, "Well on the way");
      await expect.poll(() => app.read(id)).toMatchObject({ progress: 42 });
    } else {
      run.report(10, "From the start");
      expect(await app.read(id)).toMatchObject({
        status: "running",
        progress: 42,
        step: "Waiting to resume",
      });
    }
    await app.stop();
    expect(run.context.signal.reason).toBe("stop");
  }
  const held = createHeld();
  const app = await openApp({ dataDir, sources: [held.source], maxAttempts: 2 });
  await expect.poll(() => held.runs.has(id)).toBe(true);
  held.runs.get(id)!.report(43, "Further than ever");
  await expect
    .poll(() => app.read(id))
    .toMatchObject({ status: "running", progress: 43, step: "Further than ever" });
  held.runs.get(id)!.finish();
  expect((await app.ended(id)).status).toBe("done");
});

test("runs that waited wait on in their order, and ended ones stay as they were", async () => {
  const dataDir = await scratch();
  const first = createHeld();
  const before = await openApp({ dataDir, sources: [first.source] });
  const done = await before.create();
  const failed = await before.create({ model_id: "test/fail", params: "{}" });
  const ended = [await before.ended(done), await before.ended(failed)];
  const ids: string[] = [];
  for (let count = 0; count < 4; count++) ids.push(await before.create(HELD));
  await before.cancel(ids[2]!);
  await expect.poll(() => first.runs.has(ids[0]!)).toBe(true);
  const cancelled = await before.read(ids[2]!);
  await before.stop();

  const second = createHeld();
  const after = await openApp({ dataDir, sources: [second.source] });
  expect([await after.read(done), await after.read(failed)]).toEqual(ended);
  expect(await after.read(ids[2]!)).toEqual(cancelled);
  await expect.poll(() => second.runs.has(ids[0]!)).toBe(true);
  expect(await after.read(ids[1]!)).toMatchObject({ status: "pending", queue_position: 0 });
  expect(await after.read(ids[3]!)).toMatchObject({ status: "pending", queue_position: 1 });
  for (const id of [ids[0]!, ids[1]!, ids[3]!]) {
    await expect.poll(() => second.runs.has(id)).toBe(true);
    second.runs.get(id)!.finish();
    expect((await after.ended(id)).status).toBe("done");
  }
});

test("a model that is gone, or a picture that is, ends its runs with a sentence", async () => {
  const dataDir = await scratch();
  const held = createHeld();
  const before = await openApp({ dataDir, sources: [held.source] });
  const [running, waiting] = [await before.create(HELD), await before.create(HELD)];
  await expect.poll(() => held.runs.has(running)).toBe(true);
  const long = await before.create({ model_id: "test/fingerprint", params: '{"step_ms":3600000}' });
  await before.until(long, "running");
  await before.stop();
  await rm(path.join(dataDir, "uploads"), { recursive: true });

  const after = await openApp({ dataDir });
  for (const id of [running, waiting])
    expect(await after.ended(id)).toMatchObject({
      status: "error",
      error: "The model fake/held is not here any more.",
    });
  expect((await after.ended(long)).error).toMatch(/^The generator failed unexpectedly/);
  expect((await after.ended(await after.create())).status).toBe("done");
});

test("a start sweeps away what belongs to nobody, and only that", async () => {
  const dataDir = await scratch();
  const held = createHeld();
  const before = await openApp({ dataDir, sources: [held.source] });
  const id = await before.create(HELD);
  await expect.poll(() => held.runs.has(id)).toBe(true);
  const [kept] = (await before.leftOnDisk()).uploads;
  await before.stop();
  await writeFile(path.join(dataDir, "uploads", "stray"), "x");
  await mkdir(path.join(dataDir, "tmp", "stray"), { recursive: true });
  await writeFile(path.join(dataDir, "tmp", "stray", "file"), "x");
  await mkdir(path.join(before.workspaceDir, "Default"), { recursive: true });
  await writeFile(path.join(before.workspaceDir, "Default", "theirs.glb"), "theirs");

  const again = createHeld();
  const after = await openApp({ dataDir, sources: [again.source] });
  await expect.poll(() => again.runs.has(id)).toBe(true);
  const left = await after.leftOnDisk();
  expect(left.uploads).toEqual([kept]);
  expect(left.meshes).toEqual(["theirs.glb"]);
  expect(left.tmp).not.toContain("file");
});

test("a run that was cut off as often as may be ends with a sentence", async () => {
  const dataDir = await scratch();
  const start = async () => {
    const server = await startServerProcess({
      dataDir,
      args: ["--test-models", "--without-builtin", "--max-attempts=2", "--stop-grace=2"],
    });
    onTestFinished(async () => void (await server.kill()));
    return server;
  };
  const look = async (url: string, id: string) => {
    const found = await fetch(`${url}/workflow-runs/${id}`);
    const revision = Number(found.headers.get("etag")?.match(/\d+/)?.[0]);
    return { run: StrictRun.parse(await found.json()), revision };
  };

  const first = await start();
  const form = new FormData();
  form.set("model_id", "test/steps");
  form.set("params", '{"steps":2,"step_ms":3600000}');
  form.set("image", new Blob([picture()], { type: "image/png" }), "picture.png");
  const answer = await fetch(`${first.url}/workflow-runs/from-image`, {
    method: "POST",
    body: form,
  });
  const { run_id: id } = (await answer.json()) as { run_id: string };
  await expect.poll(() => look(first.url, id)).toMatchObject({ run: { step: "Step 1 of 2" } });
  const { revision } = await look(first.url, id);
  await first.kill("SIGKILL");

  const second = await start();
  // One change says that it waits to resume, the next that it has begun again.
  await expect
    .poll(async () => (await look(second.url, id)).revision)
    .toBeGreaterThanOrEqual(revision + 2);
  expect((await look(second.url, id)).run).toMatchObject({
    status: "running",
    step: "Waiting to resume",
  });
  await second.kill("SIGKILL");

  const third = await start();
  const { run: end } = await look(third.url, id);
  expect(end).toMatchObject({ status: "error", output_url: null });
  expect(end.error).toBe(
    "The server was stopped 2 times while it worked on this run. Create it again.",
  );
  expect(await third.kill("SIGTERM")).toEqual({ code: 0, signal: null });
});
