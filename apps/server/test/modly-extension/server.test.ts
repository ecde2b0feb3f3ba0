import { cp, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { createClient, type Outcome } from "@modly-runs/contract/client";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { picture } from "../support/pictures.ts";
import { type ListeningServer, startServerProcess } from "../support/server-process.ts";
import { isAlive, WITHOUT_PYTHON } from "./bench.ts";

const EXTENSIONS = fileURLToPath(new URL("./extensions", import.meta.url));

describe.skipIf(WITHOUT_PYTHON)("a server with extensions", () => {
  let directory: string;
  let server: ListeningServer;

  async function start(): Promise<void> {
    server = await startServerProcess({
      dataDir: path.join(directory, "data"),
      args: [`--extensions-dir=${path.join(directory, "extensions")}`, "--without-builtin"],
    });
  }
  beforeEach(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), "modly-extension-server-"));
    await cp(EXTENSIONS, path.join(directory, "extensions"), { recursive: true });
    await start();
  });
  afterEach(async () => {
    await server.kill("SIGTERM");
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  });

  const client = () => createClient({ baseUrl: server.url });
  function valueOf<T>(outcome: Outcome<T>): T {
    if (!outcome.ok) throw new Error(outcome.failure.message);
    return outcome.value;
  }
  const read = async (runId: string) => valueOf(await client().get(runId));
  const cancel = async (runId: string) => valueOf(await client().cancel(runId));
  async function create(modelId: string, params: Record<string, unknown> = {}): Promise<string> {
    return valueOf(await client().create({ image: picture(), modelId, params })).run_id;
  }
  async function pidsOf(runId: string): Promise<number[]> {
    const seen = async () => (await read(runId)).step ?? "";
    await expect.poll(seen, { timeout: 20_000 }).toMatch(/Working in/);
    return ((await seen()).match(/\d+/g) ?? []).map(Number);
  }

  test("tells whoever may know what can't be used, and no path", async () => {
    const health = (await (await fetch(`${server.url}/health`)).json()) as Record<string, unknown>;
    expect(health).toMatchObject({ unusable: [{ extension: "broken" }] });
    expect(JSON.stringify(health)).not.toContain(directory);
  });

  test.for(["habits/hangs", "habits/children"])(
    "leaves no process of %s behind when it is killed, and takes the run up again",
    async (model) => {
      const runId = await create(model);
      const pids = await pidsOf(runId);
      expect(pids.every(isAlive)).toBe(true);
      await server.kill("SIGKILL");
      await expect.poll(() => pids.filter(isAlive), { timeout: 10_000 }).toEqual([]);
      await start();
      expect((await cancel(runId)).status).toBe("cancelled");
    },
  );

  test("leaves none behind when it is stopped", async () => {
    const pids = await pidsOf(await create("habits/deaf"));
    await server.kill("SIGTERM");
    await expect.poll(() => pids.filter(isAlive)).toEqual([]);
    await start();
  });

  test("answers a cancel at once, and the next run has the process's place", async () => {
    const runId = await create("habits/deaf", { rude: true });
    const pids = await pidsOf(runId);
    const waiting = await create("habits/good");
    expect((await read(waiting)).status).toBe("pending");
    expect((await cancel(runId)).cancelled).toBe(true);
    await expect.poll(async () => (await read(waiting)).status, { timeout: 20_000 }).toBe("done");
    expect(pids.filter(isAlive)).toEqual([]);
  });
});
