import { mkdir } from "node:fs/promises";
import path from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import {
  api,
  from,
  listener,
  LOCAL,
  picture,
  startServer,
  type Started,
  startService,
  temporary,
  until,
} from "./support.ts";

let place: Awaited<ReturnType<typeof temporary>>;
let server: Started;
let other: Started;
let service: Started;
let client: ReturnType<typeof api>;

beforeAll(async () => {
  place = await temporary();
  for (const name of ["a", "b", "w"]) await mkdir(path.join(place.dir, name));
  [server, other] = await Promise.all([
    startServer(path.join(place.dir, "a")),
    startServer(path.join(place.dir, "b")),
  ]);
  service = await startService(path.join(place.dir, "w"), [
    ...["--server", `main=${server.url}`, "--server", `other=${other.url}`],
    ...["--retry-pause", "0"],
    ...LOCAL,
  ]);
  client = api(service.url);
});
afterAll(async () => {
  await service.stop();
  await Promise.all([server.stop(), other.stop()]);
  await place.remove();
});

const base = { name: "Test", origin_instance: "tests" };
const mesh = async (number: number, config: object = {}) => ({
  id: "mesh",
  task_type: "GENERATION",
  config: { model: "test/fingerprint", image: await picture(number), ...config },
});
/** One that goes on until it is stopped. */
const endless = async (number: number) => ({
  ...base,
  steps: [
    await mesh(number, { model: "test/steps", params: { steps: 100_000, step_ms: 50 } }),
    { id: "how", task_type: "MEASURE", input_mappings: [from("mesh")] },
  ],
});

test("a workflow is created, runs its steps on a server, and is read with what came of them", async () => {
  const created = await client.create({
    ...base,
    description: "All of it",
    config: { parallel: 2, mine: [1, { a: true }] },
    origin_zone: "eu",
    origin_reference: "order 7",
    origin_tenant_id: "acme",
    steps: [
      await mesh(1, { collection: "Kept" }),
      {
        id: "small",
        task_type: "REFINE",
        config: { triangles: 4 },
        input_mappings: [from("mesh")],
        max_retries: 2,
      },
      {
        id: "stl",
        task_type: "CONVERT",
        config: { format: "stl", size_mm: 80 },
        input_mappings: [from("small")],
      },
      { id: "how", task_type: "MEASURE", input_mappings: [from("small")] },
      {
        id: "view",
        task_type: "PREVIEW",
        input_mappings: [from("small")],
        depends_on: ["how", "stl"],
      },
    ],
  });
  expect(created).toMatchObject({
    ...base,
    description: "All of it",
    status: "RUNNING",
    total_steps: 5,
    completed_steps: 0,
    progress: 0,
    config: { parallel: 2, mine: [1, { a: true }] },
    origin_zone: "eu",
    origin_reference: "order 7",
    origin_tenant_id: "acme",
    final_step_id: "view",
    final_step_result: null,
    error_message: null,
    errors: [],
    completed_at: null,
    is_deleted: false,
    suppress_subtask_events: true,
  });
  const done = await client.ended(created.id);
  expect(done).toMatchObject({
    status: "COMPLETED",
    completed_steps: 5,
    progress: 100,
    errors: [],
  });
  expect(done.steps.map(({ step_id: id, task_type, status }) => [id, task_type, status])).toEqual([
    ["mesh", "GENERATION", "COMPLETED"],
    ["small", "REFINE", "COMPLETED"],
    ["stl", "CONVERT", "COMPLETED"],
    ["how", "MEASURE", "COMPLETED"],
    ["view", "PREVIEW", "COMPLETED"],
  ]);
  const [first, small, stl, how, view] = done.steps;
  expect(first!.config["image"]).toMatch(/^\/api\/v1\/workflows\/.*\.png$/);
  expect(small).toMatchObject({
    max_retries: 2,
    retry_count: 0,
    dependencies: ["mesh"],
    input_mappings: [from("mesh")],
    task_id: null,
  });
  expect(how!.result).toMatchObject({ triangles: 4 });
  expect(view!.dependencies.toSorted()).toEqual(["how", "small", "stl"]);
  expect(done.final_step_result).toEqual(view!.result);
  // The run is the server's, and its time is what the workflow cost.
  const run = (await (await fetch(`${server.url}/workflow-runs/${first!.task_id}`)).json()) as {
    status: string;
    output_url: string;
  };
  expect(run.status).toBe("done");
  expect(run.output_url).toContain("/Kept/");
  expect(first!.cost.model_seconds).toBeGreaterThan(0);
  expect(done.cost).toEqual(first!.cost);
  const file = stl!.result!["file"] as { url: string; bytes: number };
  expect(await client.bytes(file.url)).toHaveLength(file.bytes);
  expect((await client.bytes(first!.config["image"] as string)).subarray(1, 4).toString()).toBe(
    "PNG",
  );
});

test("one that is not to be started waits until it is", async () => {
  const body = { ...base, steps: [await mesh(2)] };
  const created = await client.create(body, "?start=false");
  expect(created).toMatchObject({ status: "PENDING", started_at: null, total_steps: 1 });
  const started = await client.workflow("POST", `/${created.id}/start`);
  expect(started.status).toBe("RUNNING");
  expect(started.started_at).not.toBeNull();
  expect((await client.ended(created.id)).status).toBe("COMPLETED");
});

test("a cancel stops the running tasks too, and nothing of them is active after its answer", async () => {
  const { id } = await client.create(await endless(3));
  const running = await client.until(id, ({ steps }) => steps[0]!.task_id !== null);
  const cancelled = await client.workflow("DELETE", `/${id}`);
  expect(cancelled.status).toBe("CANCELLED");
  expect(cancelled.completed_at).not.toBeNull();
  expect(cancelled.steps.map(({ status }) => status)).toEqual(["CANCELLED", "CANCELLED"]);
  const run = await fetch(`${server.url}/workflow-runs/${running.steps[0]!.task_id}`);
  expect(await run.json()).toMatchObject({ status: "cancelled" });
});

test("a paused workflow begins no further step, and goes on when it is resumed", async () => {
  const holding: (() => void)[] = [];
  const taker = await listener((_heard, response) => holding.push(() => response.end("taken")));
  try {
    const { id } = await client.create({
      ...base,
      steps: [
        { id: "hand", task_type: "SEND", config: { url: taker.url, file: await picture(4) } },
        {
          id: "again",
          task_type: "SEND",
          config: { url: taker.url, file: await picture(4) },
          depends_on: ["hand"],
        },
      ],
    });
    await until(async () => holding[0], "the first step");
    expect((await client.workflow("POST", `/${id}/pause`)).status).toBe("PAUSED");
    holding[0]!();
    const rested = await client.until(id, ({ steps }) => steps[0]!.status === "COMPLETED");
    expect(rested).toMatchObject({ status: "PAUSED", completed_steps: 1, progress: 50 });
    expect(rested.steps[1]!.status).toBe("PENDING");
    expect((await client.workflow("POST", `/${id}/resume`)).status).toBe("RUNNING");
    await until(async () => holding[1], "the second step");
    holding[1]!();
    const done = await client.ended(id);
    expect(done.status).toBe("COMPLETED");
    expect(done.steps[0]).toEqual(rested.steps[0]);
    expect(taker.heard).toHaveLength(2);
  } finally {
    await taker.stop();
  }
});

test("a paused workflow whose last step was under way is completed all the same", async () => {
  const holding: (() => void)[] = [];
  const taker = await listener((_heard, response) => holding.push(() => response.end("taken")));
  try {
    const { id } = await client.create({
      ...base,
      steps: [
        { id: "hand", task_type: "SEND", config: { url: taker.url, file: await picture(4) } },
      ],
    });
    await until(async () => holding[0], "the step");
    await client.workflow("POST", `/${id}/pause`);
    holding[0]!();
    expect((await client.ended(id)).status).toBe("COMPLETED");
  } finally {
    await taker.stop();
  }
});

test("one that failed says why, and is resumed from its last checkpoint", async () => {
  let up = false;
  const taker = await listener((_heard, response) => response.writeHead(up ? 200 : 422).end());
  try {
    const { id } = await client.create({
      ...base,
      steps: [
        await mesh(5),
        {
          id: "hand",
          task_type: "SEND",
          config: { url: taker.url },
          input_mappings: [from("mesh", "mesh", "file")],
        },
        {
          id: "after",
          task_type: "MEASURE",
          input_mappings: [from("mesh")],
          depends_on: ["hand"],
        },
      ],
    });
    const failed = await client.ended(id);
    expect(failed).toMatchObject({
      status: "FAILED",
      error_message: `hand: ${taker.url} answered 422.`,
      completed_steps: 1,
    });
    expect(failed.errors).toEqual([failed.error_message]);
    expect(failed.steps.map(({ status }) => status)).toEqual(["COMPLETED", "FAILED", "SKIPPED"]);
    up = true;
    const resumed = await client.workflow("POST", `/${id}/resume`);
    expect(resumed).toMatchObject({ status: "RUNNING", errors: [], completed_at: null });
    const done = await client.ended(id);
    expect(done).toMatchObject({ status: "COMPLETED", error_message: null });
    // What was done stays done.
    expect(done.steps[0]).toEqual(failed.steps[0]);
    expect(taker.heard).toHaveLength(2);
  } finally {
    await taker.stop();
  }
});

test("the fallback provider is taken when the tries are used up", async () => {
  const { id } = await client.create({
    ...base,
    steps: [
      {
        ...(await mesh(6)),
        config: { image: await picture(6) },
        provider_config: { provider_type: "main", model: "test/fail" },
        fallback_provider_type: "other",
        fallback_provider_config: { model: "test/fingerprint" },
        max_retries: 1,
      },
    ],
  });
  const done = await client.ended(id);
  expect(done.status).toBe("COMPLETED");
  const [step] = done.steps;
  expect(step).toMatchObject({
    retry_count: 2,
    fallback_provider_type: "other",
    provider_config: { provider_type: "main", model: "test/fail" },
  });
  const where = (url: string) =>
    fetch(`${url}/workflow-runs/${step!.task_id}`).then(({ status }) => status);
  expect([await where(other.url), await where(server.url)]).toEqual([200, 404]);
});

test("EACH does its steps for every picture, and what came of them is joined", async () => {
  const done = await client.ended(
    (
      await client.create({
        ...base,
        steps: [
          {
            id: "all",
            task_type: "EACH",
            config: { over: await Promise.all([7, 8, 9].map((number) => picture(number))) },
            steps: [
              {
                id: "cut",
                task_type: "RESIZE",
                config: { longest: 32 },
                input_mappings: [from("item", "image")],
              },
              {
                id: "mesh",
                task_type: "GENERATION",
                config: { model: "test/fingerprint" },
                input_mappings: [from("cut", "image")],
              },
            ],
            outputs: { mesh: { from_step: "mesh", from_field: "mesh" } },
          },
          { id: "shelf", task_type: "MERGE", input_mappings: [from("all", "mesh", "meshes")] },
          {
            id: "first",
            task_type: "MEASURE",
            input_mappings: [{ ...from("all", "mesh"), transform: "first" }],
          },
        ],
      })
    ).id,
  );
  expect(done.status).toBe("COMPLETED");
  expect(done.steps.map(({ step_id: id }) => id)).toEqual([
    ...["all/1/cut", "all/1/mesh", "all/2/cut", "all/2/mesh", "all/3/cut", "all/3/mesh"],
    ...["shelf", "first"],
  ]);
  expect(done.steps.find(({ step_id: id }) => id === "all/2/cut")!.config).toEqual({ longest: 32 });
  expect(done.steps[6]!.dependencies).toEqual(["all/1/mesh", "all/2/mesh", "all/3/mesh"]);
});

test("what was made of the same before is not made again, and costs nothing", async () => {
  const body = { ...base, steps: [await mesh(10)] };
  const first = await client.ended((await client.create(body)).id);
  const second = await client.ended((await client.create(body)).id);
  expect(first.steps[0]!.reused).toBeNull();
  expect(second.steps[0]!.reused).toBe("made before");
  const shaOf = ({ steps }: typeof first) =>
    (steps[0]!.result!["mesh"] as { sha256: string }).sha256;
  expect(shaOf(second)).toBe(shaOf(first));
  expect(second.cost.model_seconds).toBe(0);
});
