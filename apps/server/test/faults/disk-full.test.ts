import { execFile } from "node:child_process";
import { mkdir, readdir, symlink } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

import { Run } from "@modly-runs/contract";
import { expect, onTestFinished, test } from "vitest";

import { CannotStart } from "../../src/cannot-start.ts";
import { openApp, scratch } from "../support/app.ts";
import { mountSmallDisk } from "../support/disk.ts";
import { createHeld } from "../support/generators.ts";
import { heavyPicture, picture } from "../support/pictures.ts";
import { expectProblem } from "../support/raw.ts";
import { startServerProcess } from "../support/server-process.ts";

const HELD = { model_id: "fake/held", params: "{}" };

/** A data directory with some of its parts on a small disk, or all of it. */
async function openOnSmallDisk(part: "uploads" | "store" | "workspace") {
  const disk = await mountSmallDisk(4);
  if (!disk) return undefined;
  const other = await scratch();
  const held = createHeld({ places: 4 });
  const dataDir = part === "store" ? disk.directory : other;
  const elsewhere = path.join(part === "store" ? other : disk.directory, "uploads");
  await mkdir(elsewhere);
  if (part !== "workspace") await symlink(elsewhere, path.join(dataDir, "uploads"));
  const workspaceDir = path.join(part === "workspace" ? disk.directory : other, "meshes");
  const app = await openApp({ dataDir, workspaceDir, sources: [held.source] });
  return { app, disk, held, uploadsDir: elsewhere };
}

const canMount = process.getuid?.() === 0 && process.platform === "linux";

test.runIf(canMount)("no room for the picture: refused, nothing left, then taken", async () => {
  const small = await openOnSmallDisk("uploads");
  if (!small) return;
  const { app, disk, uploadsDir } = small;
  await disk.fill();
  for (const file of [undefined, heavyPicture(2 * 1024 ** 2)]) {
    const refused = await app.post(file ? { file } : {});
    expect(expectProblem(refused)).toMatchObject({ status: 507, code: "storage_full" });
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
  }
  await expect.poll(() => readdir(uploadsDir)).toEqual([]);
  await disk.free();
  expect((await app.ended(await app.create())).status).toBe("done");
});

test.runIf(canMount)(
  "no room for the mesh: an error that says so, nothing half there",
  async () => {
    const small = await openOnSmallDisk("workspace");
    if (!small) return;
    const { app, disk } = small;
    await disk.fill();
    const run = await app.ended(await app.create());
    expect(run.status).toBe("error");
    expect(run.error).toMatch(/^There was no room left to store the mesh/);
    expect((await app.leftOnDisk()).meshes).toEqual([]);
    await disk.free();
    expect((await app.ended(await app.create())).status).toBe("done");
  },
);

test.runIf(canMount)("no room in the store: creates are refused, runs still end", async () => {
  const small = await openOnSmallDisk("store");
  if (!small) return;
  const { app, disk, held, uploadsDir } = small;
  const ids = [await app.create(HELD), await app.create(HELD), await app.create(HELD)];
  const waiting = await app.create({ params: '{"steps":10000,"step_ms":1}' });
  for (const id of ids) await expect.poll(() => held.runs.has(id)).toBe(true);
  await expect.poll(async () => (await app.leftOnDisk()).tmp).toHaveLength(3);
  await app.until(waiting, "running");
  await disk.fill();
  const refused = await app.post();
  expect(expectProblem(refused)).toMatchObject({ status: 507, code: "storage_full" });
  await expect.poll(() => readdir(uploadsDir)).toHaveLength(4);

  // Progress that can't be stored is not shown, and breaks nothing.
  held.runs.get(ids[0]!)!.report(50, "Half way");
  held.runs.get(ids[1]!)!.finish();
  const cancelled = await app.api().post(`/workflow-runs/${ids[2]}/cancel`);
  expect(expectProblem(cancelled)).toMatchObject({ status: 507, code: "storage_full" });
  expect(await app.read(ids[2]!)).toMatchObject({ status: "running" });
  expect(await app.read(ids[0]!)).toMatchObject({ status: "running", progress: 0 });

  await disk.free();
  expect((await app.ended(ids[1]!)).status).toBe("done");
  held.runs.get(ids[0]!)!.report(60, "Further");
  await expect.poll(() => app.read(ids[0]!)).toMatchObject({ progress: 60 });
  held.runs.get(ids[0]!)!.finish();
  expect((await app.ended(ids[0]!)).status).toBe("done");
  expect(await app.cancel(ids[2]!)).toMatchObject({ cancelled: true });
  await app.cancel(waiting);
  expect((await app.ended(await app.create())).status).toBe("done");
  await expect.poll(() => readdir(uploadsDir)).toEqual([]);
});

test.runIf(canMount)("no room at start: a sentence, and the runs are there later", async () => {
  const small = await openOnSmallDisk("store");
  if (!small) return;
  const { app, disk } = small;
  const id = await app.create(HELD);
  await app.until(id, "running");
  await app.stop();
  await disk.fill();
  const dataDir = disk.directory;
  const { workspaceDir } = app;
  const held = createHeld();
  const start = () => openApp({ dataDir, workspaceDir, sources: [held.source] });
  const cause: unknown = await start().catch((error: unknown) => error);
  expect(cause).toBeInstanceOf(CannotStart);
  expect((cause as CannotStart).message).toMatch(/ full/);
  await disk.free();
  const again = await start();
  await expect.poll(() => held.runs.has(id)).toBe(true);
  held.runs.get(id)!.finish();
  expect((await again.ended(id)).status).toBe("done");
});

const isLinux = process.platform === "linux";

/** Sets how large a file of a process may grow: the soft limit, so that it can be raised again. */
async function limitFiles(pid: number, bytes: number | "unlimited"): Promise<void> {
  await promisify(execFile)("prlimit", ["--pid", String(pid), `--fsize=${bytes}:`]);
}

test.runIf(isLinux)(
  "files that may not grow: refused, then taken, and every run ends",
  async () => {
    const dataDir = await scratch();
    const server = await startServerProcess({ dataDir, args: ["--test-models"] });
    onTestFinished(async () => void (await server.kill()));
    const post = async (image: Buffer) => {
      const form = new FormData();
      form.set("model_id", "test/steps");
      form.set("params", '{"steps":3,"step_ms":1}');
      form.set("image", new Blob([new Uint8Array(image)], { type: "image/png" }), "picture.png");
      const answer = await fetch(`${server.url}/workflow-runs/from-image`, {
        method: "POST",
        body: form,
      });
      return { status: answer.status, body: (await answer.json()) as { run_id: string } };
    };
    const statusOf = async (id: string) => {
      const answer = await fetch(`${server.url}/workflow-runs/${id}`);
      return Run.parse(await answer.json()).status;
    };

    await limitFiles(server.pid, 300_000);
    expect(expectProblem(await post(heavyPicture(1_000_000))).code).toBe("storage_full");
    const accepted: string[] = [];
    for (;;) {
      const answer = await post(picture());
      if (answer.status !== 200) {
        expect(expectProblem(answer)).toMatchObject({ status: 507, code: "storage_full" });
        break;
      }
      accepted.push(answer.body.run_id);
    }
    await limitFiles(server.pid, "unlimited");
    const again = await post(picture());
    expect(again.status).toBe(200);
    for (const id of [...accepted, again.body.run_id])
      await expect.poll(() => statusOf(id), { timeout: 20_000 }).toBe("done");
    await expect.poll(() => readdir(path.join(dataDir, "uploads"))).toEqual([]);
  },
);
