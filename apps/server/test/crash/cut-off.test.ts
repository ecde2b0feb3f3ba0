import { mkdtemp, readdir, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { picture } from "../support/pictures.ts";
import { type ListeningServer, startServerProcess } from "../support/server-process.ts";
import { ask, formOf } from "./wire.ts";

let dataDir: string;
let server: ListeningServer;
const start = async () => {
  server = await startServerProcess({ dataDir, args: ["--test-models", "--without-builtin"] });
};

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(os.tmpdir(), "modly-cut-off-"));
  await start();
});
afterEach(async () => {
  await server.kill();
  await rm(dataDir, { recursive: true, force: true });
});

test("a run that a start gives up leaves nothing behind", async () => {
  const params = JSON.stringify({ steps: 1000, step_ms: 50 });
  const { body, headers } = formOf(picture(), { model_id: "test/steps", params });
  const url = `${server.url}/workflow-runs/from-image`;
  const created = await ask(url, { method: "POST", headers, body: [body] });
  const { run_id } = JSON.parse(created?.text ?? "{}") as { run_id: string };
  const read = async () => {
    const answer = await ask(`${server.url}/workflow-runs/${run_id}`);
    return JSON.parse(answer?.text ?? "{}") as { status: string; error: string };
  };
  // A second attempt does not show before it is past the first; its directory does.
  const isWorkedOn = async () => expect(await readdir(path.join(dataDir, "tmp"))).toEqual([run_id]);
  for (const _ of ["first attempt", "last attempt"]) {
    await vi.waitFor(isWorkedOn, 20_000);
    await server.kill();
    await start();
  }
  const { status, error } = await read();
  expect(status).toBe("error");
  expect(error).toMatch(/stopped 2 times/);
  await expect.poll(() => readdir(path.join(dataDir, "uploads"))).toEqual([]);
  expect(await readdir(path.join(dataDir, "tmp"))).toEqual([]);
});
