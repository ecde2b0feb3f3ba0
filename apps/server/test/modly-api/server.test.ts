import { mkdtemp, readdir, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { isEnded, StrictRun } from "@modly-runs/contract";
import { Model } from "@modly-runs/contract/companion";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { type Server, startServer } from "./server.ts";
import { type StandIn, startStandIn } from "./stand-in/start.ts";
import { formOf } from "../storms/wishes.ts";

const until = (condition: () => Promise<boolean>) =>
  vi.waitUntil(condition, { timeout: 30_000, interval: 20 });

const LONG = { steps: 60, step_ms: 25 };
const ENDLESS = { steps: 10_000, step_ms: 100 };

let directory: string;
let standIn: StandIn;
let server: Server;

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "modly-server-"));
  standIn = await startStandIn({ directory });
  server = await start();
});
afterEach(async () => {
  await server.kill();
  await standIn.kill();
  await rm(directory, { recursive: true, force: true });
});

function start(settings: Record<string, string> = {}): Promise<Server> {
  const data = path.join(directory, "data");
  return startServer({ "data-dir": data, "modly-url": standIn.url, ...settings });
}

async function create(model: string, params: Record<string, unknown> = {}): Promise<string> {
  const body = formOf({ mark: crypto.randomUUID(), model, params });
  const answer = await fetch(`${server.url}/workflow-runs/from-image`, { method: "POST", body });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { run_id: string }).run_id;
}

async function read(runId: string): Promise<StrictRun> {
  const answer = await fetch(`${server.url}/workflow-runs/${runId}`);
  return StrictRun.parse(await answer.json());
}

async function end(runId: string): Promise<StrictRun> {
  await until(async () => isEnded((await read(runId)).status));
  return read(runId);
}

const cancel = (runId: string) =>
  fetch(`${server.url}/workflow-runs/${runId}/cancel`, { method: "POST" });

const working = async () => (await standIn.jobs()).filter((job) => job.working);

/** Steps of the model, not of the way to it. */
const generates = (runId: string) =>
  until(async () => ((await read(runId)).step ?? "").startsWith("Step"));

async function modelIds(): Promise<string[]> {
  const answer = await fetch(`${server.url}/model/all`);
  return Model.array()
    .parse(await answer.json())
    .map(({ id }) => id);
}

test("Modly's models stand beside the built-in ones, and go when Modly goes", async () => {
  expect(await modelIds()).toEqual(expect.arrayContaining(["builtin/inflate", "stand-in/fast"]));
  const answer = await fetch(`${server.url}/model/params?model_id=stand-in/fast`);
  expect(await answer.json()).toContainEqual(expect.objectContaining({ id: "strength" }));
  await standIn.kill();
  await until(async () => !(await modelIds()).includes("stand-in/fast"));
  expect(await modelIds()).toContain("builtin/inflate");
});

test("one job is in Modly at a time, and the rest is pending here", async () => {
  const first = await create("stand-in/long", LONG);
  const second = await create("stand-in/fingerprint");
  await generates(first);
  expect((await read(second)).status).toBe("pending");
  expect(standIn.submissions()).toHaveLength(1);
  expect((await end(first)).status).toBe("done");
  expect((await end(second)).status).toBe("done");
});

test("in Modly's own workspace the file stays as it is, and scene_candidate names it", async () => {
  await server.kill();
  server = await start({ "workspace-dir": standIn.workspace });
  const run = await end(await create("stand-in/fast"));
  const collection = path.join(standIn.workspace, "Default");
  expect((await readdir(collection)).map((file) => `Default/${file}`)).toEqual([
    run.scene_candidate?.workspace_path,
  ]);
});

test.for(["kill", "stop"] as const)("after a %s of ours the job is taken up again", async (how) => {
  const runId = await create("stand-in/long", LONG);
  await generates(runId);
  const { progress } = await read(runId);
  await server[how]();
  await server.start();
  expect((await read(runId)).progress).toBeGreaterThanOrEqual(progress);
  expect((await end(runId)).status).toBe("done");
  expect(standIn.submissions()).toHaveLength(1);
});

test("three kills of ours in one job use up none of its attempts", async () => {
  const runId = await create("stand-in/long", { steps: 120, step_ms: 50 });
  for (let kills = 0; kills < 3; kills += 1) {
    await generates(runId);
    await server.kill();
    await server.start();
  }
  expect((await end(runId)).status).toBe("done");
  expect(standIn.submissions()).toHaveLength(1);
});

test("a cancel stops the job there, and the next run begins", async () => {
  const endless = await create("stand-in/long", ENDLESS);
  const next = await create("stand-in/fast");
  await generates(endless);
  expect(await (await cancel(endless)).json()).toMatchObject({ cancelled: true });
  expect((await end(next)).status).toBe("done");
  expect((await read(endless)).status).toBe("cancelled");
  expect(await working()).toEqual([]);
});

test("a job whose answers a person's job takes ends after the stall timeout, and says why", async () => {
  await Promise.all([server.kill(), standIn.kill()]);
  standIn = await startStandIn({ directory, bugs: ["answersTaken"] });
  server = await start({ "stall-timeout": "3" });
  const ours = await create("stand-in/long", ENDLESS);
  await generates(ours);
  const body = formOf({ mark: "a person's", model: "stand-in/long", params: LONG });
  expect((await fetch(`${standIn.url}/generate/from-image`, { method: "POST", body })).ok).toBe(
    true,
  );
  const ended = await end(ours);
  expect(ended).toMatchObject({ status: "error", error: expect.stringMatching(/nothing for 3 s/) });
  const [job] = await standIn.jobs();
  expect(job).toMatchObject({ status: "cancelled" });
  // The place is free again.
  expect((await end(await create("stand-in/fast"))).status).toBe("done");
});

test("a kill right after a cancel leaves no job running there", async () => {
  const endless = await create("stand-in/long", ENDLESS);
  await generates(endless);
  await standIn.faults({ delay: 2_000 });
  await cancel(endless);
  await server.kill();
  await standIn.faults({});
  expect(await working()).toHaveLength(1);
  await server.start();
  await until(async () => (await working()).length === 0);
  expect((await read(endless)).status).toBe("cancelled");
});

test("a run of a model that went with Modly waits for it, across a restart of ours", async () => {
  const long = await create("stand-in/long", ENDLESS);
  const waits = await create("stand-in/fast");
  await generates(long);
  await server.kill();
  await standIn.kill();
  await server.start();
  await standIn.start();
  expect((await end(long)).error).toMatch(/^Modly has forgotten the job/);
  expect((await end(waits)).status).toBe("done");
});
