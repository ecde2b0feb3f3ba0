import { readFileSync } from "node:fs";
import path from "node:path";

import { expect, test } from "vitest";

import { appForAll, openApp } from "../support/app.ts";
import { createHeld } from "../support/generators.ts";
import { expectProblem, get, sendRaw } from "../support/raw.ts";

const shared = appForAll();
const HELD = { model_id: "fake/held", params: "{}" };

test("every state of a run is as the table says, at every read", async () => {
  const held = createHeld();
  const app = await openApp({ sources: [held.source] });
  const first = await app.create(HELD);
  const second = await app.create(HELD);
  const third = await app.create(HELD);
  await app.until(first, "running");
  expect(await app.read(second)).toMatchObject({ status: "pending", queue_position: 0 });
  expect(await app.read(third)).toMatchObject({ status: "pending", queue_position: 1, step: null });
  await app.cancel(second);
  expect(await app.read(second)).toMatchObject({ status: "cancelled", progress: 0, error: null });
  expect(await app.read(third)).toMatchObject({ queue_position: 0 });

  held.runs.get(first)!.report(41.7, "Half  way\nthere");
  await expect.poll(() => app.read(first)).toMatchObject({ progress: 41, step: "Half way there" });
  await app.cancel(first);
  expect(await app.read(first)).toMatchObject({
    status: "cancelled",
    progress: 41,
    output_url: null,
  });
  await expect.poll(() => held.runs.has(third)).toBe(true);
  held.runs.get(third)!.finish();
  const done = await app.ended(third);
  const file = path.join(app.workspaceDir, done.scene_candidate!.workspace_path);
  expect(readFileSync(file).subarray(0, 4).toString()).toBe("glTF");

  const failed = await app.ended(await app.create({ model_id: "test/fail", params: "{}" }));
  expect(failed).toMatchObject({ status: "error", progress: 10, step: "About to fail" });
  expect(failed.error).toMatch(/^The test model fails/);
});

test("an ended run never changes: body, tag and headers stay", async () => {
  const app = shared();
  const id = await app.create();
  await app.ended(id);
  const before = await app.api().get(`/workflow-runs/${id}`);
  await app.cancel(id);
  await app.cancel(id);
  const after = await app.api().get(`/workflow-runs/${id}`);
  expect(after.text).toBe(before.text);
  expect(after.headers["etag"]).toBe(before.headers["etag"]);
  expect(after.headers["retry-after"]).toBeUndefined();
});

test("a tag changes with the run and with its place in the queue", async () => {
  const held = createHeld();
  const app = await openApp({ sources: [held.source] });
  const first = await app.create(HELD);
  const second = await app.create(HELD);
  const third = await app.create(HELD);
  await app.until(first, "running");
  const read = (known?: string) => {
    const sent = app.api().get(`/workflow-runs/${third}`);
    return known ? sent.set("If-None-Match", known) : sent;
  };
  const before = await read();
  expect(before.headers).toMatchObject({ "cache-control": "no-cache", "retry-after": "1" });
  const known = before.headers["etag"]!;
  const same = await read(known);
  expect(same).toMatchObject({ status: 304, text: "" });
  expect(same.headers["etag"]).toBe(known);
  expect(await read(`"other", W/${known}`)).toMatchObject({ status: 304 });
  expect(await read("*")).toMatchObject({ status: 304 });
  await app.cancel(second);
  const moved = await read(known);
  expect(moved).toMatchObject({ status: 200, body: { queue_position: 0 } });
  expect(moved.headers["etag"]).not.toBe(known);
});

test("HEAD answers as GET does, without a body", async () => {
  const app = shared();
  const id = await app.create();
  await app.ended(id);
  for (const accept of ["*/*", "text/event-stream"]) {
    const head = await app.api().head(`/workflow-runs/${id}`).set("Accept", accept).expect(200);
    const got = await app.api().get(`/workflow-runs/${id}`);
    for (const name of ["etag", "content-type", "cache-control", "content-length"])
      expect(head.headers[name], name).toBe(got.headers[name]);
    expect(head.text ?? "").toBe("");
  }
  expect(await app.api().head("/workflow-runs/nobody")).toMatchObject({ status: 404 });
});

test("a run nobody made is a 404, for reading, following and cancelling", async () => {
  const app = shared();
  const answers = [
    await app.api().get("/workflow-runs/nobody"),
    await app.api().get("/workflow-runs/nobody").set("Accept", "text/event-stream"),
    await app.api().get("/workflow-runs/nobody").set("Prefer", "wait=30"),
    await app.api().post("/workflow-runs/nobody/cancel"),
  ];
  for (const answer of answers)
    expect(expectProblem(answer)).toMatchObject({ status: 404, code: "run_not_found" });
});

/** What is no run id. */
const MALFORMED: [what: string, id: string][] = [
  ["too long", "a".repeat(129)],
  ["8 KB", "a".repeat(8192)],
  ["NUL", "%00"],
  ["NUL inside", "a%00b"],
  ["not UTF-8", "%ff"],
  ["overlong UTF-8", "%c0%af"],
  ["half an escape", "%"],
  ["a way up", "..%2f..%2fetc"],
  ["a way up with backslashes", "..%5c.."],
  ["a space", "%20"],
  ["an emoji", "%F0%9F%98%80"],
  ["a slash", "a%2fb"],
  ["a quote", "a'or'1"],
];

test("a malformed id is refused, and is no fault of ours", async () => {
  const app = shared();
  for (const [what, id] of MALFORMED)
    for (const request of [
      get(`/workflow-runs/${id}`),
      get(`/workflow-runs/${id}`, { Accept: "text/event-stream" }),
      get(`/workflow-runs/${id}/cancel`).replace("GET", "POST"),
    ]) {
      const answer = await sendRaw(app.url, request);
      expect(expectProblem(answer), what).toMatchObject({ status: 400 });
      expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
    }
});

test("cancel wants no body and minds none", async () => {
  const app = shared();
  const long = { params: '{"steps":1000,"step_ms":10000}' };
  const bodies: [type: string, body: string][] = [
    ["application/json", "{broken"],
    ["application/x-www-form-urlencoded", "%%%"],
    ["multipart/form-data", "no boundary"],
    ["application/octet-stream", "x".repeat(300_000)],
  ];
  for (const [type, body] of bodies) {
    const id = await app.create(long);
    const cancelled = await app
      .api()
      .post(`/workflow-runs/${id}/cancel`)
      .set("Content-Type", type)
      .send(body);
    expect(cancelled).toMatchObject({
      status: 200,
      body: { run_id: id, status: "cancelled", cancelled: true },
    });
    expect((await app.read(id)).status).toBe("cancelled");
  }
  const done = await app.create();
  await app.ended(done);
  expect(await app.cancel(done)).toEqual({ run_id: done, status: "done", cancelled: false });
});
