import { setTimeout as wait } from "node:timers/promises";

import { afterAll, beforeAll, expect, test } from "vitest";

import { Workflow } from "../src/index.ts";
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
const holding: (() => void)[] = [];
let holder: Awaited<ReturnType<typeof listener>>;

beforeAll(async () => {
  place = await temporary();
  holder = await listener((_heard, response) => holding.push(() => response.end("taken")));
  service = await startService(place.dir, LOCAL);
  client = api(service.url);
});
afterAll(async () => {
  await service.stop();
  await holder.stop();
  await place.remove();
});

const body = async () => ({
  name: "Followed",
  origin_instance: "tests",
  steps: [
    { id: "hand", task_type: "SEND", config: { url: holder.url, file: await picture(1) } },
    {
      id: "small",
      task_type: "RESIZE",
      config: { image: await picture(2) },
      depends_on: ["hand"],
    },
  ],
});

/** What a stream tells, to its end. */
async function follow(id: string, lastEventId?: string) {
  const response = await fetch(`${service.url}/api/v1/workflows/${id}`, {
    headers: {
      accept: "text/event-stream",
      ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
    },
  });
  const text = await response.text();
  const events = text
    .split("\n\n")
    .filter((block) => block.startsWith("id:"))
    .map((block) => {
      const [mark, data] = block.split("\n");
      return {
        id: mark!.slice("id: ".length),
        workflow: Workflow.strict().parse(JSON.parse(data!.slice("data: ".length))),
      };
    });
  return { status: response.status, type: response.headers.get("content-type"), events };
}

test("a stream tells the workflow, each change, and ends with the end", async () => {
  const before = holding.length;
  const { id } = await client.create(await body());
  await until(async () => holding[before], "the first step");
  const following = Promise.all([follow(id), follow(id)]);
  // Somebody who goes away disturbs nobody.
  const leaving = new AbortController();
  const left = await fetch(`${service.url}/api/v1/workflows/${id}`, {
    headers: { accept: "text/event-stream" },
    signal: leaving.signal,
  });
  await left.body!.getReader().read();
  leaving.abort();
  holding[before]!();
  const [one, other] = await following;
  expect([one.status, one.type]).toEqual([200, "text/event-stream"]);
  expect(one.events.at(-1)!.workflow).toMatchObject({ status: "COMPLETED", progress: 100 });
  expect(other.events.at(-1)).toEqual(one.events.at(-1));
  const progress = one.events.map(({ workflow }) => workflow.progress);
  expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  expect(new Set(one.events.map(({ id: mark }) => mark)).size).toBe(one.events.length);
  expect(one.events.at(-1)!.workflow).toEqual(await client.get(id));
});

test("whoever has seen the end is told that there is nothing more", async () => {
  const before = holding.length;
  const { id } = await client.create(await body());
  await until(async () => holding[before], "the first step");
  holding[before]!();
  await client.ended(id);
  const [last] = (await follow(id)).events;
  expect((await follow(id, last!.id)).status).toBe(204);
  expect((await follow(id, "unknown")).events).toHaveLength(1);
});

test("what is known already is not sent again", async () => {
  const { id } = await client.create(await body(), "?start=false");
  const first = await client.call("GET", `/${id}`);
  const again = await fetch(`${service.url}/api/v1/workflows/${id}`, {
    headers: { "if-none-match": first.headers.get("etag")! },
  });
  expect(again.status).toBe(304);
  await client.workflow("PATCH", `/${id}`, { name: "Changed" });
  const changed = await fetch(`${service.url}/api/v1/workflows/${id}`, {
    headers: { "if-none-match": first.headers.get("etag")! },
  });
  expect(changed.status).toBe(200);
});

test("a service that stops ends its streams", async () => {
  const own = await temporary();
  const stopping = await startService(own.dir, LOCAL);
  try {
    const { id } = await api(stopping.url).create(await body(), "?start=false");
    const response = await fetch(`${stopping.url}/api/v1/workflows/${id}`, {
      headers: { accept: "text/event-stream" },
    });
    const reader = response.body!.getReader();
    await reader.read();
    const ended = (async () => {
      while (!(await reader.read()).done);
      return true;
    })();
    expect(await stopping.stop()).toBe(0);
    expect(await Promise.race([ended, wait(30_000, false, { ref: false })])).toBe(true);
  } finally {
    await stopping.kill();
    await own.remove();
  }
});
