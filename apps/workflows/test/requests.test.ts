import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { REQUESTS, TRANSITIONS, WORKFLOW_STATUSES, type WorkflowStatus } from "../src/index.ts";
import { canBecome, isOver } from "../src/index.ts";
import {
  api,
  listener,
  LOCAL,
  picture,
  startService,
  type Started,
  temporary,
  until,
} from "./support.ts";

let place: Awaited<ReturnType<typeof temporary>>;
let service: Started;
let client: ReturnType<typeof api>;
let holder: Awaited<ReturnType<typeof listener>>;

/** The steps here need no server; one that hands something to the holder goes on until it is let go. */
beforeAll(async () => {
  place = await temporary();
  holder = await listener(() => {});
  service = await startService(place.dir, [...LOCAL, "--at-once", "100"]);
  client = api(service.url);
});
afterAll(async () => {
  await service.stop();
  await holder.stop();
  await place.remove();
});

let pictures = 0;
const origin = { name: "Test", origin_instance: "tests" };
const body = async (task: string, config: object = {}) => ({
  ...origin,
  steps: [{ id: "one", task_type: task, config: { ...config, image: await picture(++pictures) } }],
});
const held = async () => ({
  ...origin,
  steps: [
    {
      id: "one",
      task_type: "SEND",
      config: { url: `${holder.url}/${++pictures}`, file: await picture(pictures) },
    },
  ],
});

/** Brings a workflow to a status. Gives its id. */
const BRING: Readonly<Record<WorkflowStatus, () => Promise<string>>> = {
  PENDING: async () => (await client.create(await body("RESIZE"), "?start=false")).id,
  async RUNNING() {
    const { id } = await client.create(await held());
    const number = pictures;
    await until(
      async () => holder.heard.find(({ url }) => url === `/${number}`),
      "the step to begin",
    );
    return id;
  },
  async PAUSED() {
    const id = await BRING.RUNNING();
    await client.workflow("POST", `/${id}/pause`);
    return id;
  },
  COMPLETED: async () => (await client.ended((await client.create(await body("RESIZE"))).id)).id,
  FAILED: async () => (await client.ended((await client.create(await body("CUTOUT"))).id)).id,
  async CANCELLED() {
    const id = await BRING.PENDING();
    await client.workflow("DELETE", `/${id}`);
    return id;
  },
};
const CALLS = {
  start: ["POST", "/start"],
  pause: ["POST", "/pause"],
  resume: ["POST", "/resume"],
  cancel: ["DELETE", ""],
} as const;

describe.for(WORKFLOW_STATUSES)("a workflow that is %s", (status) => {
  test.for(Object.keys(CALLS) as (keyof typeof CALLS)[])(
    "is asked to %s: as the table has it, or a 409 with a sentence",
    async (request) => {
      const id = await BRING[status]();
      const before = await client.get(id);
      expect(before.status).toBe(status);
      const [method, where] = CALLS[request];
      const { from, to } = REQUESTS[request];
      if ((from as readonly WorkflowStatus[]).includes(status)) {
        expect(canBecome(status, to)).toBe(true);
        expect((await client.workflow(method, `/${id}${where}`)).status).toBe(to);
        if (to === "RUNNING") await client.until(id, (now) => now.status !== "PENDING");
        if (!isOver((await client.get(id)).status))
          await client.workflow("DELETE", `/${id}`).catch(() => undefined);
        return;
      }
      const problem = await client.refusal(method, `/${id}${where}`);
      expect(problem).toMatchObject({
        status: 409,
        code: "wrong_status",
        detail: expect.stringMatching(`^The workflow is ${status}. Only a workflow that is`),
      });
      expect(await client.get(id)).toEqual(before);
      if (status === "RUNNING" || status === "PAUSED") await client.workflow("DELETE", `/${id}`);
    },
  );
});

test("every step of the table is one that somebody can bring about", () => {
  const asked = Object.values(REQUESTS).flatMap(({ from, to }) =>
    from.map((status) => `${status} -> ${to}`),
  );
  const ends = ["RUNNING", "PAUSED"].flatMap((status) =>
    ["COMPLETED", "FAILED"].map((end) => `${status} -> ${end}`),
  );
  const table = Object.entries(TRANSITIONS).flatMap(([status, next]) =>
    next.map((to) => `${status} -> ${to}`),
  );
  expect([...asked, ...ends].toSorted()).toEqual(table.toSorted());
});

test("a name, a description and an address can be changed, and nothing else", async () => {
  const id = await BRING.COMPLETED();
  const before = await client.get(id);
  const after = await client.workflow("PATCH", `/${id}`, { name: "New", description: "Told" });
  expect(after).toEqual({
    ...before,
    name: "New",
    description: "Told",
    updated_at: expect.any(String),
  });
  expect((await client.workflow("PATCH", `/${id}`, { description: null })).description).toBeNull();
  expect(await client.workflow("PATCH", `/${id}`, {})).toMatchObject({ name: "New" });
  const problem = await client.refusal("PATCH", `/${id}`, { status: "PENDING" });
  expect(problem).toMatchObject({ status: 400, errors: [{ field: "status" }] });
  expect((await client.refusal("PATCH", `/${id}`, { name: "" })).status).toBe(400);
});

test("what is not there is a 404, a wrong method a 405 that says which are right", async () => {
  const none = "00000000-0000-4000-8000-000000000000";
  for (const [method, where, sent] of [
    ["GET", `/${none}`],
    ["PATCH", `/${none}`, { name: "x" }],
    ["DELETE", `/${none}`],
    ["POST", `/${none}/start`],
    ["POST", `/${none}/cleanup`],
    ["GET", `/${none}/deliveries`],
    ["GET", `/${none}/files/a.png`],
    ["GET", "/..%2f..%2fetc"],
    ["GET", `/${"x".repeat(200)}`],
  ] as const)
    expect(await client.refusal(method, where, sent)).toMatchObject({
      status: 404,
      code: "workflow_not_found",
    });
  expect(await client.refusal("GET", "/%ff")).toMatchObject({ status: 400 });
  const wrong = await client.call("PUT", "/");
  expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST, GET, HEAD"]);
  expect((await client.call("GET", `/${none}/start`)).status).toBe(405);
  const elsewhere = await fetch(`${service.url}/elsewhere`);
  expect(await elsewhere.json()).toMatchObject({ status: 404, code: "route_not_found" });
});

test("a list is filtered, has pages, and the newest comes first", async () => {
  const instance = "lists";
  const made: string[] = [];
  for (const tenant of ["a", "b", "a", "b", "a"])
    made.push(
      (
        await client.create(
          { ...(await body("RESIZE")), origin_instance: instance, origin_tenant_id: tenant },
          "?start=false",
        )
      ).id,
    );
  await client.workflow("DELETE", `/${made[0]}`);
  await client.call("POST", `/${made[4]}/cleanup`);
  const list = async (query: string) => {
    const { status, body: seen } = await client.call("GET", `/?origin_instance=lists&${query}`);
    expect(status).toBe(200);
    const { workflows, ...rest } = seen as { workflows: { id: string }[]; total: number };
    return { ids: workflows.map(({ id }) => made.indexOf(id)), ...rest };
  };
  expect(await list("")).toEqual({ ids: [3, 2, 1, 0], total: 4, skip: 0, limit: 50 });
  expect(await list("include_deleted=true")).toMatchObject({ ids: [4, 3, 2, 1, 0], total: 5 });
  expect(await list("skip=1&limit=2")).toEqual({ ids: [2, 1], total: 4, skip: 1, limit: 2 });
  expect(await list("limit=0")).toMatchObject({ ids: [], total: 4 });
  expect(await list("status=CANCELLED")).toMatchObject({ ids: [0], total: 1 });
  expect(await list("origin_tenant_id=b")).toMatchObject({ ids: [3, 1], total: 2 });
  expect(await list("origin_tenant_id=c")).toMatchObject({ ids: [], total: 0 });
  for (const wrong of ["limit=201", "limit=-1", "skip=x", "status=DONE", "include_deleted=maybe"])
    expect(await client.refusal("GET", `/?${wrong}`)).toMatchObject({
      status: 400,
      code: "invalid_field",
      errors: [{ field: wrong.split("=")[0] }],
    });
});

test("a cleanup removes what nobody else has, reports it, and is done once", async () => {
  const shared = await body("RESIZE", { longest: 20 });
  const one = await client.ended((await client.create(shared)).id);
  const two = await client.ended((await client.create(shared)).id);
  const urlOf = ({ steps }: typeof one) => (steps[0]!.result!["image"] as { url: string }).url;
  const report = async (id: string, query = "") =>
    (await client.call("POST", `/${id}/cleanup${query}`)).body as {
      workflow: typeof one;
      cleanup: { deleted_paths: string[]; tasks_processed: number };
    };
  // What the other one refers to stays.
  expect(await report(one.id)).toMatchObject({
    workflow: {
      id: one.id,
      is_deleted: true,
      deleted_at: expect.any(String),
      steps: [{ result: null }],
    },
    cleanup: { tasks_processed: 1, tasks_cleaned: 1, deleted_paths: [], errors: [] },
  });
  expect(await client.bytes(urlOf(two))).toHaveLength(
    (two.steps[0]!.result!["image"] as { bytes: number }).bytes,
  );
  const kept = await report(two.id, "?cleanup_tasks=false");
  expect(kept.cleanup).toEqual({
    tasks_processed: 0,
    tasks_cleaned: 0,
    deleted_paths: [],
    errors: [],
  });
  expect(await client.bytes(urlOf(two))).not.toHaveLength(0);
  const gone = await report(two.id);
  expect(gone.cleanup.deleted_paths).toContain(urlOf(two));
  expect(gone.cleanup.deleted_paths).toHaveLength(2);
  await expect(client.bytes(urlOf(two))).rejects.toThrow("404");
  expect((await report(two.id)).cleanup.deleted_paths).toEqual([]);
  expect(await client.get(two.id)).toMatchObject({ is_deleted: true, status: "COMPLETED" });
  // Who asks for the same again gets it made anew.
  const three = await client.ended((await client.create(shared)).id);
  expect(three.steps[0]).toMatchObject({ status: "COMPLETED", reused: null });
});

test("what runs is not cleaned up, and what was cleaned up is only looked at", async () => {
  for (const status of ["RUNNING", "PAUSED"] as const) {
    const id = await BRING[status]();
    expect(await client.refusal("POST", `/${id}/cleanup`)).toMatchObject({
      status: 409,
      detail: expect.stringContaining("Cancel it"),
    });
    await client.workflow("DELETE", `/${id}`);
  }
  const id = await BRING.FAILED();
  await client.call("POST", `/${id}/cleanup`);
  expect(await client.refusal("POST", `/${id}/resume`)).toMatchObject({
    status: 409,
    detail: expect.stringContaining("cleaned up"),
  });
});

test("too many workflows are refused, and a list of them is not held up by that", async () => {
  const small = await temporary();
  const narrow = await startService(small.dir, [...LOCAL, "--max-workflows", "1"]);
  try {
    const other = api(narrow.url);
    const { id } = await other.create(await held());
    const refused = await other.call("POST", "/", await held());
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
    const waiting = await other.create(await held(), "?start=false");
    expect((await other.refusal("POST", `/${waiting.id}/start`)).code).toBe("too_many_workflows");
    await other.workflow("DELETE", `/${id}`);
    expect((await other.workflow("POST", `/${waiting.id}/start`)).status).toBe("RUNNING");
  } finally {
    await narrow.stop();
    await small.remove();
  }
});

describe("a create with an Idempotency-Key", () => {
  const post = async (key: string, wanted: unknown, query = "?start=false") => {
    const response = await fetch(`${service.url}/api/v1/workflows/${query}`, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": key },
      body: JSON.stringify(wanted),
    });
    const told = (await response.json()) as { id?: string; code?: string; status: unknown };
    return { status: response.status, location: response.headers.get("location"), body: told };
  };

  test("makes one workflow, also when it is sent again later, and twice at once", async () => {
    const wanted = await body("RESIZE");
    const first = await post("one", wanted);
    expect(first).toMatchObject({ status: 201, location: `/api/v1/workflows/${first.body.id}` });
    await client.workflow("POST", `/${first.body.id}/start`);
    await client.ended(first.body.id!);
    // The order of names says nothing; what became of it since is told.
    const turned = Object.fromEntries(Object.entries(wanted).toReversed());
    expect(await post("one", turned)).toMatchObject({
      ...{ status: 201, location: first.location },
      body: { id: first.body.id, status: "COMPLETED" },
    });
    const other = await body("RESIZE");
    const both = await Promise.all([post("two", other), post("two", other)]);
    const ids = both.flatMap(({ status, body: { id, code } }) =>
      status === 201 ? id! : [status, code],
    );
    const { id } = (await post("two", other)).body;
    // The second may have been told that the first was still under way.
    expect([
      [id, id].join(),
      [id, 409, "create_in_progress"].join(),
      [409, "create_in_progress", id].join(),
    ]).toContain(ids.join());
  });

  test("is refused for another create, and a refused one is not remembered", async () => {
    const wanted = await body("RESIZE");
    const { body: made } = await post("three", wanted);
    const mismatch = { status: 422, body: { code: "idempotency_mismatch" } };
    expect(await post("three", { ...wanted, name: "Other" })).toMatchObject(mismatch);
    expect(await post("three", wanted, "?start=true")).toMatchObject(mismatch);
    expect((await client.get(made.id!)).status).toBe("PENDING");
    expect(await post("four", { ...wanted, steps: [] })).toMatchObject({ status: 400 });
    expect(await post("four", wanted)).toMatchObject({ status: 201 });
    for (const key of ["a b", "x".repeat(256)])
      expect(await post(key, wanted)).toMatchObject({
        status: 400,
        body: { code: "invalid_field", errors: [{ field: "Idempotency-Key" }] },
      });
  });

  test("is known after a restart", async () => {
    const wanted = await body("RESIZE");
    const { body: made } = await post("five", wanted);
    await service.kill();
    service = await startService(place.dir, [...LOCAL, "--at-once", "100"]);
    client = api(service.url);
    expect(await post("five", wanted)).toMatchObject({ status: 201, body: { id: made.id } });
  });
});

test("a file is sent whole, in part, or not at all when it is known", async () => {
  const { id } = await client.create(await body("RESIZE", { longest: 20 }));
  const end = await client.ended(id);
  const { url, sha256 } = end.steps[0]!.result!["image"] as { url: string; sha256: string };
  const get = async (headers: Record<string, string>, method = "GET") => {
    const response = await fetch(service.url + url, { method, headers });
    const bytes = Buffer.from(await response.arrayBuffer());
    return { status: response.status, headers: response.headers, bytes };
  };
  const whole = await get({});
  const etag = `"${sha256}"`;
  expect(Object.fromEntries(whole.headers)).toMatchObject({
    ...{ etag, "content-type": "image/png", "accept-ranges": "bytes" },
    "cache-control": "private, max-age=31536000, immutable",
    "content-length": String(whole.bytes.length),
    "content-security-policy": "sandbox; default-src 'none'",
  });
  expect(whole.headers.get("last-modified")).toBeNull();
  const head = await get({}, "HEAD");
  expect([head.status, head.headers.get("content-length"), head.bytes.length]).toEqual([
    200,
    String(whole.bytes.length),
    0,
  ]);
  expect((await get({ "if-none-match": `W/"x", ${etag}` })).status).toBe(304);
  const part = await get({ range: "bytes=8-15" });
  expect([part.status, part.headers.get("content-range")]).toEqual([
    206,
    `bytes 8-15/${whole.bytes.length}`,
  ]);
  expect(part.bytes).toEqual(whole.bytes.subarray(8, 16));
  expect((await get({ range: "bytes=8-15", "if-range": '"other"' })).bytes).toEqual(whole.bytes);
  const beyond = await get({ range: "bytes=999999-" });
  expect([beyond.status, beyond.headers.get("etag")]).toEqual([416, null]);
  expect(JSON.parse(beyond.bytes.toString())).toMatchObject({ code: "range_not_satisfiable" });
  const another = await get({ "if-match": '"other"' });
  expect(JSON.parse(another.bytes.toString())).toMatchObject({
    ...{ status: 412, code: "precondition_failed" },
  });
});
