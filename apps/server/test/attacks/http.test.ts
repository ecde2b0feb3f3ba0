import { copyFileSync, symlinkSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";

import { expect, onTestFinished, test, vi } from "vitest";

import { keepQuiet } from "../../src/generators/modly-api/strays.ts";
import { TIMES } from "../../src/generators/modly-api/times.ts";
import { appForAll, openApp } from "../support/app.ts";
import { createHeld } from "../support/generators.ts";
import { expectProblem, get, sendRaw } from "../support/raw.ts";

const shared = appForAll();

async function withRun() {
  const app = shared();
  const run = await app.ended(await app.create());
  return { app, run, meshPath: run.scene_candidate!.workspace_path };
}

test("a condition that does not hold is 412, and never what it is not", async () => {
  const { app, meshPath } = await withRun();
  for (const target of [`/workspace/${meshPath}`, `/export/glb?path=${meshPath}`]) {
    const answer = await app.api().get(target).set("If-Match", '"other"');
    expect(expectProblem(answer), target).toMatchObject({
      status: 412,
      code: "precondition_failed",
    });
  }
  const whole = () => app.api().get(`/workspace/${meshPath}`);
  const { etag } = (await whole().expect(200)).headers as { etag: string };
  await whole().set("If-Match", `"other", ${etag}`).expect(200);
  await whole().set("If-Match", "*").expect(200);
});

test("a run that is not in the state that If-Match names is 412", async () => {
  const { app, run } = await withRun();
  const read = (named: string) =>
    app.api().get(`/workflow-runs/${run.run_id}`).set("If-Match", named);
  const { etag } = (await read("*").expect(200)).headers as { etag: string };
  await read(`"other", ${etag}`).expect(200);
  for (const named of ['"other"', `W/${etag}`, ""]) {
    const answer = await read(named);
    expect(expectProblem(answer), named).toMatchObject({ code: "precondition_failed" });
    expect(answer.headers["content-security-policy"]).toBeDefined();
  }
});

test("a stream that is declared unwelcome is not sent", async () => {
  const { app, run } = await withRun();
  for (const accept of [
    "text/event-stream;q=0",
    "text/event-stream; q=0.000, application/json",
    "application/json, text/event-stream ;q=0",
  ]) {
    const answer = await app.api().get(`/workflow-runs/${run.run_id}`).set("Accept", accept);
    expect(answer.headers["content-type"], accept).toMatch(/^application\/json/);
  }
});

test("an event id that was never issued counts as none", async () => {
  const { app, run } = await withRun();
  const target = `/workflow-runs/${run.run_id}`;
  const follow = (id: string) =>
    sendRaw(app.url, get(target, { Accept: "text/event-stream", "Last-Event-ID": id }));
  const [, last = ""] = /^id: (\d+)$/m.exec((await follow("")).body) ?? [];
  expect((await follow(last)).status).toBe(204);
  for (const id of [String(Number(last) + 1), "99999999999999999999", `${last}x`, "-1", "1e9"]) {
    const answer = await follow(id);
    expect(answer.status, id).toBe(200);
    expect(answer.body, id).toContain('"status":"done"');
  }
});

test("many watchers and waits are no warning", async () => {
  const warnings: string[] = [];
  const heard = (warning: Error) => void warnings.push(warning.message);
  process.on("warning", heard);
  onTestFinished(() => void process.off("warning", heard));
  const app = await openApp();
  const runId = await app.create({ params: '{"steps":5,"step_ms":100}' });
  const target = `/workflow-runs/${runId}`;
  await Promise.all([
    ...Array.from({ length: 20 }, () =>
      sendRaw(app.url, get(target, { Accept: "text/event-stream" })),
    ),
    ...Array.from({ length: 20 }, () => sendRaw(app.url, get(target, { Prefer: "wait=5" }))),
  ]);
  expect(warnings).toEqual([]);
});

test("a clock that is set back makes no run end before it began", async () => {
  const app = await openApp();
  const runId = await app.create({ params: '{"steps":10,"step_ms":50}' });
  const { started_at: started } = await app.until(runId, "running");
  const clock = vi.spyOn(Date, "now").mockReturnValue(Date.parse(started!) - 3_600_000);
  onTestFinished(() => clock.mockRestore());
  const run = await app.ended(runId);
  expect(Date.parse(run.started_at!)).toBeGreaterThanOrEqual(Date.parse(run.created_at));
  expect(Date.parse(run.finished_at!)).toBeGreaterThanOrEqual(Date.parse(run.started_at!));
  const { text } = await app.api().get("/metrics").expect(200);
  expect(text).not.toMatch(/^modly_runs_\S+ -/m);
});

test("a run that waits begins in its turn, however the clock is set meanwhile", async () => {
  const held = createHeld();
  const app = await openApp({ sources: [held.source] });
  const fields = { model_id: "fake/held", params: "{}" };
  const [first, second, third] = [
    await app.create(fields),
    await app.create(fields),
    await app.create(fields),
  ];
  await expect.poll(() => held.runs.has(first)).toBe(true);
  const now = Date.now();
  const clock = vi.spyOn(Date, "now").mockReturnValue(now - 3_600_000);
  onTestFinished(() => clock.mockRestore());
  held.runs.get(first)!.finish();
  await expect.poll(() => held.runs.has(second)).toBe(true);
  clock.mockReturnValue(now + 3_600_000);
  held.runs.get(second)!.finish();
  await expect.poll(() => held.runs.has(third)).toBe(true);
  clock.mockReturnValue(now - 3_600_000);
  held.runs.get(third)!.finish();
  for (const id of [first, second, third]) {
    const run = await app.ended(id);
    expect(run.status).toBe("done");
    const times = [run.created_at, run.started_at!, run.finished_at!].map((at) => Date.parse(at));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  }
  const { text } = await app.api().get("/metrics").expect(200);
  expect(text).not.toMatch(/^modly_runs_\S+ -/m);
});

test("a wait for work that may go on in Modly is no longer when the clock was set back", () => {
  const hour = 3_600_000;
  for (const since of [Date.now() + hour, Date.now(), Date.now() - hour]) {
    const strays = { known: new Set<string>(), shaken: new Set<string>(), quietUntil: 0 };
    keepQuiet(strays, since, TIMES);
    expect(strays.quietUntil - performance.now()).toBeLessThanOrEqual(TIMES.quiet);
  }
});

test("a link to a file with any name can be exported", async () => {
  const { app, meshPath } = await withRun();
  const directory = path.join(app.workspaceDir, "Default");
  await mkdir(directory, { recursive: true });
  copyFileSync(path.join(app.workspaceDir, meshPath), path.join(directory, "чашка ✓.glb"));
  symlinkSync("чашка ✓.glb", path.join(directory, "cup.glb"));
  for (const format of ["glb", "stl"]) {
    const answer = await fetch(`${app.url}/export/${format}?path=Default/cup.glb`);
    expect(answer.status, format).toBe(200);
    expect(answer.headers.get("content-disposition")).toBe(`attachment; filename="cup.${format}"`);
  }
});
