import { stripVTControlCharacters } from "node:util";

import { expect, onTestFinished, test } from "vitest";

import { forPeople } from "../../src/log-for-people.ts";
import { openApp, scratch } from "../support/app.ts";
import { picture } from "../support/pictures.ts";
import { expectProblem } from "../support/raw.ts";
import { startServerProcess } from "../support/server-process.ts";

test("/openapi.json is the contract, and /docs a page that needs no network", async () => {
  const app = await openApp();
  const { body, type } = await app.api().get("/openapi.json").expect(200);
  expect(type).toBe("application/json");
  const { openapi, paths } = body as { openapi: string; paths: Record<string, unknown> };
  expect(openapi).toMatch(/^3\.1/);
  expect(Object.keys(paths)).toContain("/workflow-runs/from-image");
  const page = await app.api().get("/docs").expect(200);
  expect(page.type).toBe("text/html");
  const sources = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source!);
  expect(sources.length).toBeGreaterThan(0);
  for (const source of sources) {
    expect(source).toMatch(/^\//);
    await app.api().get(source).expect(200);
  }
});

test("/metrics counts runs, by routes and not by paths, behind the token", async () => {
  const app = await openApp({ token: "secret" });
  expect(expectProblem(await app.api().get("/metrics")).code).toBe("unauthorized");
  const id = await app.create();
  await app.ended(id);
  await app.ended(await app.create({ model_id: "test/fail", params: "{}" }));
  await app.api().get(`/nowhere/${id}`).set("X-Modly-Token", "secret");
  const { text } = await app.api().get("/metrics").set("X-Modly-Token", "secret").expect(200);
  expect(text).toMatch(/^modly_runs_ended_total\{status="done",model="test\/steps"\} 1$/m);
  expect(text).toMatch(/^modly_runs_ended_total\{status="error",model="test\/fail"\} 1$/m);
  expect(text).toMatch(/^modly_runs_queue_length 0$/m);
  expect(text).not.toContain(id);
  expect(text).not.toContain("secret");
});

test("the log names requests and runs, and never a token or a key", async () => {
  const args = ["--test-models", "--log-level=debug"];
  const env = { MODLY_RUNS_TOKEN: "a-secret-token" };
  const server = await startServerProcess({ dataDir: await scratch(), args, env });
  onTestFinished(async () => void (await server.kill()));
  const trace = "0af7651916cd43dd8448eb211c80319c";
  const form = new FormData();
  form.set("model_id", "test/fail");
  form.set("image", new Blob([picture()], { type: "image/png" }), "picture.png");
  const created = await fetch(`${server.url}/workflow-runs/from-image?token=in-the-query`, {
    method: "POST",
    body: form,
    headers: {
      Authorization: "Bearer a-secret-token",
      "Idempotency-Key": "a-secret-key",
      "X-Request-Id": "request-1",
      traceparent: `00-${trace}-b7ad6b7169203331-01`,
    },
  });
  expect(created.status).toBe(200);
  expect(created.headers.get("x-request-id")).toBe("request-1");
  const { run_id: id } = (await created.json()) as { run_id: string };
  await fetch(`${server.url}/model/all`, { headers: { "X-Modly-Token": "a-wrong-token" } });
  await expect.poll(() => server.stderr(), { timeout: 10_000 }).toContain(id);
  await expect.poll(() => server.stderr()).toContain('"status":401');
  const lines = server.stderr().trim().split("\n");
  const rows = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(rows).toContainEqual(
    expect.objectContaining({ request_id: "request-1", trace_id: trace, status: 200 }),
  );
  expect(server.stderr()).not.toMatch(/secret|wrong-token|in-the-query/);
  expect(await server.kill("SIGTERM")).toEqual({ code: 0, signal: null });
});

test("readiness is told beside liveness, and without the token only by its status", async () => {
  const app = await openApp({ token: "secret" });
  const bare = await app.api().get("/health?ready").expect(200);
  expect(Object.keys(bare.body as object)).toEqual(["status", "version", "workflow_runs"]);
  const trusted = await app.api().get("/health").set("X-Modly-Token", "secret").expect(200);
  expect(trusted.body).toMatchObject({ ready: true, not_ready: [] });
});

test("a log line for people has the time, the level, the words and the rest", () => {
  const line = { level: 40, time: Date.now(), run_id: "a-b", why: "two words", msg: "said" };
  const plain = stripVTControlCharacters(forPeople(JSON.stringify(line)));
  expect(plain).toMatch(/^\d\d:\d\d:\d\d warn {2}said run_id=a-b why="two words"\n$/);
  const failed = { level: 50, time: 0, err: { stack: "Error: x\n    at y" }, msg: "failed" };
  expect(stripVTControlCharacters(forPeople(JSON.stringify(failed)))).toContain(
    " error failed\n  Error: x\n      at y\n",
  );
});
