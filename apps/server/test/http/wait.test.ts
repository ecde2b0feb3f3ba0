import { expect, test } from "vitest";

import { type App, appForAll, openApp } from "../support/app.ts";
import { createHeld } from "../support/generators.ts";

const HELD = { model_id: "fake/held", params: "{}" };

function wait(app: App, runId: string, seconds: number, known?: string) {
  const sent = app.api().get(`/workflow-runs/${runId}`).set("Prefer", `wait=${seconds}`);
  if (known) void sent.set("If-None-Match", known);
  return sent.then((answer) => answer);
}

const held = createHeld({ places: 20 });
const shared = appForAll({ sources: [held.source] });

async function startHeld(app = shared()) {
  const id = await app.create(HELD);
  await expect.poll(() => held.runs.has(id)).toBe(true);
  return { app, id, run: held.runs.get(id)! };
}

test("without a tag, a wait ends when the run does", async () => {
  const { app, id, run } = await startHeld();
  const waiting = wait(app, id, 60);
  run.report(50, "Half way");
  await expect.poll(() => app.read(id)).toMatchObject({ progress: 50 });
  run.finish();
  const answer = await waiting;
  expect(answer.body).toMatchObject({ status: "done" });
  expect(answer.headers["preference-applied"]).toBe("wait=60");
});

test("with a tag, a wait ends with the next change", async () => {
  const { app, id, run } = await startHeld();
  run.report(1, "One");
  await expect.poll(() => app.read(id)).toMatchObject({ progress: 1 });
  const { headers } = await app.api().get(`/workflow-runs/${id}`);
  const waiting = wait(app, id, 60, headers["etag"]);
  run.report(2, "Two");
  expect((await waiting).body).toMatchObject({ status: "running", progress: 2 });
  // An old tag is news at once.
  expect((await wait(app, id, 60, headers["etag"])).body).toMatchObject({ progress: 2 });
});

test("a place in the queue is a change too", async () => {
  const one = createHeld();
  const app = await openApp({ sources: [one.source] });
  await app.until(await app.create(HELD), "running");
  const before = await app.create(HELD);
  const id = await app.create(HELD);
  const { headers } = await app.api().get(`/workflow-runs/${id}`);
  const waiting = wait(app, id, 60, headers["etag"]);
  await app.cancel(before);
  expect((await waiting).body).toMatchObject({ status: "pending", queue_position: 0 });
});

test("when the time is up, the run is told as it is", async () => {
  const { app, id } = await startHeld();
  const answer = await wait(app, id, 1);
  expect(answer).toMatchObject({ status: 200, body: { status: "running" } });
  expect(answer.headers).toMatchObject({ "preference-applied": "wait=1", "retry-after": "1" });
  const unchanged = await wait(app, id, 1, answer.headers["etag"]);
  expect(unchanged).toMatchObject({ status: 304 });
  expect(unchanged.headers["preference-applied"]).toBe("wait=1");
});

test("an ended run is told at once, and 60 seconds are the most", async () => {
  const app = shared();
  const id = await app.create();
  await app.ended(id);
  const answer = await wait(app, id, 86_400);
  expect(answer).toMatchObject({ status: 200, body: { status: "done" } });
  expect(answer.headers["preference-applied"]).toBe("wait=60");
  expect(await wait(app, id, 60, answer.headers["etag"])).toMatchObject({ status: 304 });
});

test.each(["wait", "wait=x", "wait=-1", "respond-async", "wait=1e9"])(
  "a preference that can't be read is no preference: %s",
  async (prefer) => {
    const { app, id } = await startHeld();
    const answer = await app.api().get(`/workflow-runs/${id}`).set("Prefer", prefer);
    expect(answer.body).toMatchObject({ status: "running" });
    expect(answer.headers["preference-applied"]).toBeUndefined();
  },
);

test("a client that goes away while it waits cancels nothing", async () => {
  const { app, id, run } = await startHeld();
  const gone = new AbortController();
  const lost = fetch(`${app.url}/workflow-runs/${id}`, {
    headers: { Prefer: "wait=60" },
    signal: gone.signal,
  }).catch(() => "lost");
  await app.read(id);
  gone.abort();
  expect(await lost).toBe("lost");
  expect(await app.read(id)).toMatchObject({ status: "running" });
  run.finish();
  expect((await app.ended(id)).status).toBe("done");
});

test("a server that stops ends every wait", async () => {
  const { app, id } = await startHeld(await openApp({ sources: [held.source] }));
  const waiting = wait(app, id, 60);
  await app.read(id);
  await app.stop();
  expect((await waiting).body).toMatchObject({ run_id: id, status: "running" });
});
