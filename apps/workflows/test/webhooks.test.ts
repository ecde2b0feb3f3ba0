import { mkdir } from "node:fs/promises";
import path from "node:path";

import Database from "libsql";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, expect, test } from "vitest";

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

const SECRET = `whsec_${Buffer.from("0123456789abcdef0123456789abcdef").toString("base64")}`;

let place: Awaited<ReturnType<typeof temporary>>;
const started: Started[] = [];
beforeEach(async () => {
  place = await temporary();
  await mkdir(path.join(place.dir, "w"));
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.stop()));
  await place.remove();
});

/** The steps here need no server. */
async function service(...args: string[]) {
  const one = await startService(path.join(place.dir, "w"), [
    ...["--webhook-secret", SECRET, "--webhook-pause", "0"],
    ...args,
  ]);
  started.push(one);
  return one;
}

const body = async (url: string, more: object = {}) => ({
  name: "Told",
  origin_instance: "tests",
  webhook_url: url,
  steps: [
    { id: "small", task_type: "RESIZE", config: { image: await picture(1), longest: 16 } },
    { id: "none", task_type: "CUTOUT", config: { image: await picture(1) } },
    {
      id: "after",
      task_type: "RESIZE",
      input_mappings: [{ from_step: "none", from_field: "image", to_field: "image" }],
    },
  ],
  ...more,
});

interface Told {
  type: string;
  timestamp: string;
  data: Record<string, unknown>;
}

test("whoever is told can verify by the standard who told it, and of what", async () => {
  const client = api((await service(...LOCAL)).url);
  const receiver = await listener();
  try {
    const { id } = await client.create(await body(receiver.url));
    await until(async () => receiver.heard[1], "both webhooks");
    const verifier = new Webhook(SECRET);
    const told = receiver.heard.map(
      ({ body: bytes, headers }) =>
        verifier.verify(bytes.toString(), headers as Record<string, string>) as Told,
    );
    expect(told.map(({ type }) => type).toSorted()).toEqual([
      "workflow.failed",
      "workflow.started",
    ]);
    const end = told.find(({ type }) => type === "workflow.failed")!;
    expect(end.data).toMatchObject({ id, name: "Told", status: "FAILED" });
    expect(end.data).not.toHaveProperty("steps");
    const [first] = receiver.heard;
    expect(() =>
      verifier.verify(`${first!.body.toString()} `, first!.headers as Record<string, string>),
    ).toThrow(/signature/);
    expect((await client.ended(id)).suppress_subtask_events).toBe(true);
  } finally {
    await receiver.stop();
  }
});

test("steps are told one by one unless that is suppressed, each once", async () => {
  const client = api((await service(...LOCAL)).url);
  const receiver = await listener();
  try {
    const made = await client.create(await body(receiver.url, { suppress_subtask_events: false }));
    await until(async () => receiver.heard[4], "all webhooks");
    const told = receiver.heard.map(({ body: bytes }) => JSON.parse(bytes.toString()) as Told);
    const names = told.map(({ type, data }) => [
      type,
      (data["step"] as { step_id?: string } | undefined)?.step_id,
    ]);
    expect(names.toSorted((a, b) => (String(a) < String(b) ? -1 : 1))).toEqual([
      ["step.completed", "small"],
      ["step.failed", "none"],
      ["step.skipped", "after"],
      ["workflow.failed", undefined],
      ["workflow.started", undefined],
    ]);
    const deliveries = await until(async () => {
      const { body: seen } = await client.call("GET", `/${made.id}/deliveries`);
      const all = (seen as { deliveries: { status: string; attempts: number }[] }).deliveries;
      return all.every(({ status }) => status === "delivered") ? all : undefined;
    }, "the log");
    expect(deliveries).toHaveLength(5);
    expect(receiver.heard).toHaveLength(5);
  } finally {
    await receiver.stop();
  }
});

test("one that was not taken is sent again with the same id, also by the next service, and the log says so", async () => {
  let first = await service(...LOCAL, "--webhook-pause", "3600");
  const answers = [500, 503, 200, 200, 200, 200];
  const receiver = await listener((_heard, response) =>
    response.writeHead(answers.shift() ?? 200).end(),
  );
  try {
    const client = api(first.url);
    const { id } = await client.create(await body(receiver.url));
    await client.ended(id);
    const log = async (base: string) =>
      (
        (await api(base).call("GET", `/${id}/deliveries`)).body as {
          deliveries: Record<string, unknown>[];
        }
      ).deliveries;
    const waiting = await until(async () => {
      const all = await log(first.url);
      return all.every(({ attempts }) => attempts === 1) ? all : undefined;
    }, "the first tries");
    const refused = { status: "pending", last_error: expect.stringMatching(/answered 50[03]/) };
    expect(waiting).toMatchObject([refused, refused]);
    await first.kill();
    // An hour is long: the next service is told another pause, and what is due stays due.
    const file = path.join(place.dir, "w", "workflows.db");
    hasten(file);
    first = await service(...LOCAL);
    await until(async () => {
      const all = await log(first.url);
      return all.every(({ status }) => status === "delivered") || undefined;
    }, "the deliveries");
    const ids = receiver.heard.map(({ headers }) => headers["webhook-id"]);
    expect(ids).toHaveLength(4);
    expect(new Set(ids).size).toBe(2);
  } finally {
    await receiver.stop();
  }
});

test("one that is never taken is given up, and one that says never again at once", async () => {
  const client = api((await service(...LOCAL, "--webhook-tries", "3")).url);
  for (const [status, attempts] of [
    [500, 3],
    [410, 1],
  ] as const) {
    const receiver = await listener((_heard, response) => response.writeHead(status).end());
    const { id } = await client.create(await body(receiver.url));
    const given = await until(async () => {
      const { body: seen } = await client.call("GET", `/${id}/deliveries`);
      const all = (seen as { deliveries: { status: string; attempts: number }[] }).deliveries;
      return all.length === 2 && all.every((one) => one.status === "failed") ? all : undefined;
    }, `giving up after ${status}`);
    expect(given.map((one) => one.attempts)).toEqual([attempts, attempts]);
    expect(receiver.heard).toHaveLength(2 * attempts);
    await receiver.stop();
  }
});

test("private addresses are told nothing unless they are allowed", async () => {
  const client = api((await service()).url);
  const receiver = await listener();
  try {
    const { port } = new URL(receiver.url);
    const { id } = await client.create(await body(`http://localhost:${port}/`));
    const [log] = await until(async () => {
      const { body: seen } = await client.call("GET", `/${id}/deliveries`);
      const all = (seen as { deliveries: { status: string; last_error: string }[] }).deliveries;
      return all.length === 2 && all.every(({ status }) => status === "failed") ? all : undefined;
    }, "the refusals");
    expect(log!.last_error).toMatch(
      /^It may not be reached: localhost leads to no public address\.$/,
    );
    expect(receiver.heard).toEqual([]);
  } finally {
    await receiver.stop();
  }
});

test("a service without a secret takes no webhook_url, and a change of it counts", async () => {
  const silent = await startService(path.join(place.dir, "w"), LOCAL);
  started.push(silent);
  const client = api(silent.url);
  expect(await client.refusal("POST", "/", await body("http://127.0.0.1:1/"))).toMatchObject({
    status: 400,
    detail: expect.stringContaining("--webhook-secret"),
    errors: [{ field: "webhook_url" }],
  });
  const made = await client.create(
    await body("http://127.0.0.1:1/", { webhook_url: null }),
    "?start=false",
  );
  expect(
    (await client.refusal("PATCH", `/${made.id}`, { webhook_url: "http://127.0.0.1:1/" })).status,
  ).toBe(400);
});

/** Makes every webhook due, as the passing of an hour would. */
function hasten(file: string): void {
  const db = new Database(file);
  db.exec("update webhooks set next_at = 0 where status = 'pending'");
  db.close();
}
