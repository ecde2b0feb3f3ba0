import { expect, test } from "vitest";

import { type App, appForAll, type CreateParts, openApp, scratch } from "../support/app.ts";
import { createGate, createHeld } from "../support/generators.ts";
import { picture } from "../support/pictures.ts";
import { expectProblem } from "../support/raw.ts";

const keyed = (key: string, parts: CreateParts = {}): CreateParts => ({
  ...parts,
  headers: { "Idempotency-Key": key },
});
const shared = appForAll();
const idOf = ({ body }: { body: unknown }) => (body as { run_id: string }).run_id;

async function createKeyed(app: App, parts: CreateParts): Promise<string> {
  return idOf(await app.post(parts).expect(200));
}

test("the same request under the same key is the same run", async () => {
  const app = await openApp();
  const first = await createKeyed(app, keyed("k"));
  const again = await createKeyed(app, keyed("k", { filename: "another-name.png" }));
  const reordered = keyed("k", { fields: { params: ' { "step_ms": 0, "steps": 1 } ' } });
  expect(await createKeyed(app, reordered)).toBe(first);
  expect(again).toBe(first);
  await app.ended(first);
  const late = await app.post(keyed("k")).expect(200);
  expect(late.body).toEqual({ run_id: first, status: "pending" });
  expect(late.headers["location"]).toBe(`/workflow-runs/${first}`);
  await expect.poll(async () => (await app.leftOnDisk()).uploads, { timeout: 5000 }).toEqual([]);
  expect((await app.leftOnDisk()).meshes).toHaveLength(1);
});

test("without a key, or under another, it is another run", async () => {
  const app = shared();
  const ids = [
    await app.create(),
    await app.create(),
    await createKeyed(app, keyed("a")),
    await createKeyed(app, keyed("b")),
  ];
  expect(new Set(ids).size).toBe(4);
});

test.each<[string, CreateParts]>([
  ["picture", { file: picture(9) }],
  ["model", { fields: { model_id: "test/fail", params: '{"step_ms":0}' } }],
  ["params", { fields: { params: '{"steps":2,"step_ms":0}' } }],
  ["collection", { fields: { collection: "Other" } }],
])("another %s under the same key is refused", async (what, parts) => {
  const app = shared();
  const id = await createKeyed(app, keyed(what));
  const answer = await app.post(keyed(what, parts));
  expect(expectProblem(answer)).toMatchObject({ status: 422, code: "idempotency_mismatch" });
  expect(await createKeyed(app, keyed(what))).toBe(id);
});

test("a refused create is not remembered", async () => {
  const app = shared();
  await app.post(keyed("refused", { fields: { params: "[]" } })).expect(400);
  expect(await app.post(keyed("refused"))).toMatchObject({ status: 200 });
});

test("the run is still the same after a restart", async () => {
  const dataDir = await scratch();
  const before = await openApp({ dataDir });
  const id = await createKeyed(before, keyed("k"));
  await before.ended(id);
  await before.stop();
  const after = await openApp({ dataDir });
  expect(await createKeyed(after, keyed("k"))).toBe(id);
});

test("while the first is still being created, the second is told to wait", async () => {
  const gate = createGate();
  const app = await openApp({ sources: [gate.source] });
  const first = app.post(keyed("k")).then((answer) => answer);
  await gate.reached;
  const second = await app.post(keyed("k"));
  expect(expectProblem(second)).toMatchObject({ status: 409, code: "create_in_progress" });
  expect(Number(second.headers["retry-after"])).toBeGreaterThan(0);
  gate.open();
  const id = idOf(await first);
  expect(await createKeyed(app, keyed("k"))).toBe(id);
});

test.each(["", " ", "a b", "é", "a".repeat(256)])("%j is no key", async (key) => {
  const app = shared();
  const headers = { "Idempotency-Key": Buffer.from(key).toString("latin1") };
  const sent = await fetch(`${app.url}/workflow-runs/from-image`, { method: "POST", headers });
  const answer = { status: sent.status, body: await sent.json() };
  expect(expectProblem(answer)).toMatchObject({ status: 400, code: "invalid_field" });
});

test("whoever lost the answer gets a run that works under the same key", async () => {
  const gate = createGate();
  const held = createHeld();
  const app = await openApp({ sources: [gate.source, held.source] });
  const gone = new AbortController();
  const form = new FormData();
  form.set("model_id", "test/steps");
  form.set("params", '{"steps":1,"step_ms":0}');
  form.set("image", new Blob([picture()], { type: "image/png" }), "picture.png");
  const lost = fetch(`${app.url}/workflow-runs/from-image`, {
    method: "POST",
    body: form,
    headers: { "Idempotency-Key": "k" },
    signal: gone.signal,
  }).catch(() => "lost");
  await gate.reached;
  gone.abort();
  expect(await lost).toBe("lost");
  // The server has heard of it when the key is free again.
  await expect.poll(async () => (await app.post({ file: null, ...keyed("k") })).status).toBe(400);
  gate.open();
  const id = await createKeyed(app, keyed("k"));
  expect((await app.ended(id)).status).toBe("done");
});

test("a repeated create finds its run also when the model has gone", async () => {
  const dataDir = await scratch();
  const { source: held } = createHeld();
  const before = await openApp({ dataDir, sources: [held] });
  const parts = keyed("k", { fields: { model_id: "fake/held", params: "{}" } });
  const first = await createKeyed(before, parts);
  await before.cancel(first);
  await before.stop();
  const after = await openApp({ dataDir });
  expect(await createKeyed(after, parts)).toBe(first);
  const { code } = expectProblem(await after.post({ fields: parts.fields! }));
  expect(code).toBe("unknown_model");
});
