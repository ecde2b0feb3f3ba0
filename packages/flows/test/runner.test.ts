import { createClient } from "@modly-runs/contract/client";
import { afterAll, beforeAll, beforeEach, afterEach, expect, test } from "vitest";

import type { FileValue } from "../src/index.ts";
import { holderHere } from "../src/local/index.ts";
import { runFlow, type Seen } from "../src/runner/index.ts";
import { startServer } from "./server.ts";
import { disc, workshop } from "./support.ts";

let server: Awaited<ReturnType<typeof startServer>>;
let shop: Awaited<ReturnType<typeof workshop>>;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());
beforeEach(async () => {
  shop = await workshop({ main: server.url });
});
afterEach(() => shop.remove());

/** A picture that no other test has. */
let many = 0;
const picture = async (name = "disc"): Promise<FileValue> =>
  shop.keep(await disc(`rgb(${++many}, 0, 0)`), name);

const yaml = (steps: string) => `version: 1
name: Test
inputs: { picture: { type: image } }
steps:
${steps}`;

const mesh = (more = "") => `  - id: mesh
    uses: generate
    with: { model: test/fingerprint }
    inputs: { image: input.picture }
${more}`;

test("steps hand on what they made, and all that happened is stored", async () => {
  const { id, status, rows, seen } = await shop.run(
    yaml(`${mesh()}  - { id: count, uses: measure, inputs: { mesh: mesh.mesh } }
  - { id: half, uses: simplify, inputs: { mesh: mesh.mesh, triangles: { from: count.triangles, add: 10, round: true } } }
`),
    { picture: [await picture()] },
  );
  expect(status).toBe("done");
  expect(rows["count"]!.outputs!["triangles"]).toEqual({ type: "number", number: 4 });
  expect(rows["half"]!.outputs!["mesh"]).toMatchObject({ type: "mesh", name: "disc" });
  expect(rows["mesh"]).toMatchObject({
    runId: expect.any(String) as string,
    seconds: expect.any(Number) as number,
  });
  // What is seen is what the store holds.
  expect(await shop.store.get(id)).toMatchObject({
    status: "done",
    endedAt: expect.any(Number) as number,
  });
  const stored = await shop.store.steps(id);
  expect(Object.fromEntries(stored.map((row) => [row.step, row]))).toEqual(rows);
  const order = seen
    .filter((one) => one.type === "step")
    .map(({ row }) => `${row.step} ${row.state.status}`);
  expect(order).toEqual(
    ["mesh", "count", "half"].flatMap((step) => [`${step} running`, `${step} done`]),
  );
});

test("the fallback is taken when the tries are used up, each try is a run of its own", async () => {
  const { status, rows, seen } = await shop.run(
    yaml(`  - id: mesh
    uses: generate
    with: { model: test/fail, params: { step_ms: 1 } }
    inputs: { image: input.picture }
    retries: 1
    fallback: { with: { model: test/fingerprint } }
`),
    { picture: [await picture()] },
  );
  expect(status).toBe("done");
  expect(rows["mesh"]!.state).toMatchObject({ attempt: 3, way: 1 });
  const whys = seen.flatMap((one) => (one.type === "step" && one.row.error ? [one.row.error] : []));
  expect(new Set(whys)).toEqual(new Set(["The test model fails, as it was asked to."]));
  // What the tries took together, also those that failed.
  const runIds = new Set(seen.flatMap((one) => (one.type === "step" && one.row.runId) || []));
  expect(runIds.size).toBe(3);
  const client = createClient({ baseUrl: server.url });
  let took = 0;
  for (const runId of runIds) {
    const run = await client.get(runId);
    if (!run.ok) throw new Error(run.failure.message);
    const { started_at, finished_at } = run.value as Record<string, unknown>;
    took += (Date.parse(String(finished_at)) - Date.parse(String(started_at))) / 1000;
  }
  expect(rows["mesh"]!.seconds).toBeCloseTo(took, 6);
  expect(took).toBeGreaterThan((rows["mesh"]!.outputs!["seconds"] as { number: number }).number);
});

test("a refusal is not tried again; what needed it is skipped, and the rest goes on", async () => {
  const { status, rows } = await shop.run(
    yaml(`  - { id: bad, uses: generate, retries: 5, with: { model: no/such }, inputs: { image: input.picture } }
  - { id: after, uses: measure, inputs: { mesh: bad.mesh } }
  - { id: last, uses: preview, needs: [after], inputs: { mesh: bad.mesh } }
  - { id: small, uses: resize, with: { longest: 50 }, inputs: { image: input.picture } }
`),
    { picture: [await picture()] },
  );
  expect(status).toBe("failed");
  expect(rows["bad"]).toMatchObject({
    state: { status: "failed", attempt: 1 },
    error: expect.stringMatching(/no\/such/) as string,
  });
  expect(rows["after"]).toMatchObject({
    state: { status: "skipped" },
    error: "It needs bad, which did not come.",
  });
  expect(rows["last"]!.state.status).toBe("skipped");
  expect(rows["small"]!.state.status).toBe("done");
});

const SPREAD = `version: 1
name: Many
inputs: { pictures: { type: image, many: true } }
steps:
  - id: all
    uses: each
    over: input.pictures
    steps:
      - { id: small, uses: resize, with: { longest: 100 }, inputs: { image: item } }
      - { id: mesh, uses: generate, with: { model: test/fingerprint }, inputs: { image: small.image } }
    outputs: { mesh: mesh.mesh }
  - { id: join, uses: merge, inputs: { meshes: all.mesh } }
`;

test("each goes over the pictures, a join waits for all, and the same again makes nothing", async () => {
  const pictures = [await picture("a"), await picture("b"), await picture("c")];
  const before = await server.meshes();
  const first = await shop.run(SPREAD, { pictures });
  expect([first.status, (await server.meshes()) - before]).toEqual(["done", 3]);
  const again = await shop.run(SPREAD, { pictures });
  expect((await server.meshes()) - before).toBe(3);
  expect(Object.values(again.rows).map(({ reused }) => reused)).toEqual(
    Array(7).fill("made before"),
  );
  expect(again.rows["join"]!.outputs).toEqual(first.rows["join"]!.outputs);

  // One picture more, another step at the end: only that is made.
  const changed = SPREAD.replace("join, uses: merge,", "join, uses: merge, with: { gap: 1 },");
  const { rows } = await shop.run(changed, { pictures: [...pictures, await picture("d")] });
  const made = Object.values(rows)
    .filter(({ reused }) => !reused)
    .map(({ step }) => step);
  expect(made.sort()).toEqual(["all/d/mesh", "all/d/small", "join"]);
});

test("two steps that do the same do it once", async () => {
  const before = await server.meshes();
  const { status } = await shop.run(
    yaml(
      ["a", "b", "c"]
        .map(
          (id) =>
            `  - { id: ${id}, uses: generate, with: { model: test/steps, params: { steps: 3 } }, inputs: { image: input.picture } }\n`,
        )
        .join(""),
    ),
    { picture: [await picture()] },
  );
  expect([status, (await server.meshes()) - before]).toEqual(["done", 1]);
});

test("a locked step keeps what it made first, whatever changes", async () => {
  const text = yaml(
    `${mesh("    locked: true\n")}  - { id: count, uses: measure, inputs: { mesh: mesh.mesh } }\n`,
  );
  const first = await shop.run(text, { picture: [await picture()] });
  expect(first.rows["mesh"]!.reused).toBeNull();
  const before = await server.meshes();
  const second = await shop.run(text.replace("test/fingerprint", "test/steps"), {
    picture: [await picture()],
  });
  expect(second.rows["mesh"]).toMatchObject({
    reused: "locked",
    outputs: first.rows["mesh"]!.outputs,
  });
  expect(await server.meshes()).toBe(before);
  // A flow of another name has locks of its own.
  const other = await shop.run(text.replace("name: Test", "name: Other"), {
    picture: [await picture()],
  });
  expect(other.rows["mesh"]!.reused).toBeNull();
});

/** Runs a flow until something is seen, then leaves it as a stop of the process does. */
async function leaveAt(id: string, when: (seen: Seen) => boolean) {
  const leave = new AbortController();
  return runFlow(id, {
    ...shop.deps,
    signal: leave.signal,
    onSeen: (seen) => {
      if (when(seen)) leave.abort();
    },
  });
}

const SLOW = yaml(`  - id: mesh
    uses: generate
    with: { model: test/steps, params: { steps: 40, step_ms: 25 } }
    inputs: { image: input.picture }
  - { id: count, uses: measure, inputs: { mesh: mesh.mesh } }
`);

test("who leaves in the middle of a run comes back to the same run", async () => {
  const before = await server.meshes();
  const { id } = await shop.create(SLOW, { picture: [await picture()] });
  await leaveAt(id, ({ type }) => type === "progress");
  const [left] = await shop.store.steps(id);
  expect(left).toMatchObject({
    state: { status: "running", attempt: 1 },
    runId: expect.any(String) as string,
  });
  const outcome = await runFlow(id, shop.deps);
  expect(outcome).toMatchObject({ ok: true, status: "done" });
  const after = await shop.store.steps(id);
  expect(after.find(({ step }) => step === "mesh")).toMatchObject({
    runId: left!.runId,
    state: { attempt: 1 },
  });
  expect((await server.meshes()) - before).toBe(1);
});

test("nobody runs what another is running, until that one is gone", async () => {
  const { id } = await shop.create(SLOW, { picture: [await picture()] });
  let begun: () => void = () => {};
  const running = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const first = runFlow(id, { ...shop.deps, onSeen: () => begun() });
  await running;
  const other = { ...holderHere(), isGone: () => false };
  expect(await runFlow(id, { ...shop.deps, holder: other })).toEqual({
    ok: false,
    why: expect.stringMatching(/is being run already, by the process/) as string,
  });
  // One that takes it over ends the first, and both together do each step once.
  const second = runFlow(id, { ...shop.deps, holder: { ...holderHere(), isGone: () => true } });
  expect(await first).toMatchObject({
    ok: false,
    why: expect.stringMatching(/taken over/) as string,
  });
  expect(await second).toMatchObject({ ok: true, status: "done" });
});

test("a cancel stops the run on the server, and a resume makes another", async () => {
  const { id } = await shop.create(SLOW, { picture: [await picture()] });
  const outcome = await runFlow(id, {
    ...shop.deps,
    onSeen: (seen) => {
      if (seen.type === "progress") void shop.store.wish(id, "cancel");
    },
  });
  expect(outcome).toMatchObject({ ok: true, status: "cancelled" });
  const rows = await shop.store.steps(id);
  expect(rows.map(({ state }) => state.status)).toEqual(["cancelled", "cancelled"]);
  const { runId } = rows.find(({ step }) => step === "mesh")!;
  const client = createClient({ baseUrl: server.url });
  for await (const seen of client.watch(runId!)) expect(seen.ok).toBe(true);
  expect(await client.get(runId!)).toMatchObject({ ok: true, value: { status: "cancelled" } });

  expect(await runFlow(id, { ...shop.deps, resume: true })).toMatchObject({
    ok: true,
    status: "done",
  });
  const again = (await shop.store.steps(id)).find(({ step }) => step === "mesh")!;
  expect([again.state.attempt, again.runId === runId]).toEqual([2, false]);
});

test("a cancel after the process is gone stops what it had begun", async () => {
  const { id } = await shop.create(SLOW, { picture: [await picture()] });
  await leaveAt(id, ({ type }) => type === "progress");
  await shop.store.wish(id, "cancel");
  expect(await runFlow(id, shop.deps)).toMatchObject({ ok: true, status: "cancelled" });
  const { runId } = (await shop.store.steps(id)).find(({ step }) => step === "mesh")!;
  const client = createClient({ baseUrl: server.url });
  for await (const seen of client.watch(runId!)) expect(seen.ok).toBe(true);
  expect(await client.get(runId!)).toMatchObject({ ok: true, value: { status: "cancelled" } });
});

test("a pause lets the step at hand end, and a resume goes on", async () => {
  const { id } = await shop.create(SLOW, { picture: [await picture()] });
  const outcome = await runFlow(id, {
    ...shop.deps,
    onSeen: (seen) => {
      if (seen.type === "progress") void shop.store.wish(id, "pause");
    },
  });
  expect(outcome).toMatchObject({ ok: true, status: "paused" });
  const rows = await shop.store.steps(id);
  expect(rows.map(({ step, state }) => [step, state.status])).toEqual([["mesh", "done"]]);
  expect(await runFlow(id, { ...shop.deps, resume: true })).toMatchObject({
    ok: true,
    status: "done",
  });
});

test("a step that takes too long is stopped, on the server too, and the fallback is taken", async () => {
  const { status, rows, seen } = await shop.run(
    yaml(`  - id: mesh
    uses: generate
    with: { model: test/steps, params: { steps: 1000, step_ms: 100 } }
    inputs: { image: input.picture }
    timeout: 3
    fallback: { with: { model: test/fingerprint } }
`),
    { picture: [await picture()] },
  );
  expect([status, rows["mesh"]!.state.way]).toEqual(["done", 1]);
  const late = seen.flatMap((one) => (one.type === "step" && one.row.error ? [one.row] : []))[0]!;
  expect(late.error).toBe("It took longer than 3 s.");
  // The run that was stopped was not for nothing.
  expect(late.seconds).toBeGreaterThan(0);
  expect(rows["mesh"]!.seconds).toBeGreaterThanOrEqual(late.seconds!);
  const client = createClient({ baseUrl: server.url });
  for await (const one of client.watch(late.runId!)) expect(one.ok).toBe(true);
  expect(await client.get(late.runId!)).toMatchObject({ ok: true, value: { status: "cancelled" } });
});

test("a step that can't be told its number fails with the reason", async () => {
  const { rows } = await shop.run(
    yaml(`${mesh()}  - { id: count, uses: measure, inputs: { mesh: mesh.mesh } }
  - { id: none, uses: simplify, inputs: { mesh: mesh.mesh, triangles: { from: count.triangles, multiply: 0 } } }
`),
    { picture: [await picture()] },
  );
  expect(rows["none"]!.error).toMatch(/^triangles: /);
});

test("what nobody uses any more is swept, what is in use stays", async () => {
  const { id } = await shop.run(yaml(mesh()), { picture: [await picture()] });
  const other = await shop.run(yaml(mesh()), { picture: [await picture()] });
  expect((await shop.files()).length).toBe(4);
  expect(await shop.objects.sweep(await shop.store.used(), Date.now() + 1000)).toMatchObject({
    removed: 0,
  });
  expect(await shop.store.remove(id)).toBe(true);
  expect(await shop.objects.sweep(await shop.store.used(), 0)).toMatchObject({ removed: 0 });
  expect(await shop.objects.sweep(await shop.store.used(), Date.now() + 1000)).toMatchObject({
    removed: 2,
  });
  expect((await shop.store.list(10)).map((run) => run.id)).toEqual([other.id]);
  await shop.bytes(other.rows["mesh"]!.outputs!["mesh"]);
});
