import { canBeSeenAfter } from "@modly-runs/contract";
import { expect, test, vi } from "vitest";

import { appForAll, openApp } from "../support/app.ts";
import { follow, type Followed } from "../support/events.ts";
import { createHeld } from "../support/generators.ts";

const HELD = { model_id: "fake/held", params: "{}" };

const held = createHeld({ places: 20 });
const shared = appForAll({ sources: [held.source] });

async function startHeld(app = shared()) {
  const id = await app.create(HELD);
  await app.until(id, "running");
  await expect.poll(() => held.runs.has(id)).toBe(true);
  return { app, id, run: held.runs.get(id)! };
}

/** The laws of every stream: revisions rise, progress never falls, statuses are legal. */
function expectLawful({ ids, runs }: Followed): void {
  for (let at = 1; at < runs.length; at++) {
    const [before, now] = [runs[at - 1]!, runs[at]!];
    expect(ids[at]).toBeGreaterThanOrEqual(ids[at - 1]!);
    expect(now.progress).toBeGreaterThanOrEqual(before.progress);
    expect(canBeSeenAfter(before.status, now.status)).toBe(true);
  }
}

const progressOf = ({ runs }: Followed) => runs.map(({ progress }) => progress);

test("a stream tells the run, every change, and the end; then it ends", async () => {
  const { app, id, run } = await startHeld();
  const stream = await follow(app.url, id);
  expect(stream.headers.get("content-type")).toMatch(/^text\/event-stream/);
  expect(stream.headers.get("cache-control")).toBe("no-cache");
  for (const progress of [10, 20, 30]) {
    run.report(progress, `At ${progress}`);
    await expect.poll(() => progressOf(stream)).toContain(progress);
  }
  run.finish();
  await stream.ended;
  expectLawful(stream);
  expect(stream.runs[0]).toMatchObject({ status: "running" });
  expect([...new Set(progressOf(stream))].slice(-4)).toEqual([10, 20, 30, 100]);
  expect(stream.runs.at(-1)).toEqual(await app.read(id));
  expect(stream.text).not.toMatch(/^(?:event|retry):/m);
});

test("many watchers of one run all see the same", async () => {
  const { app, id, run } = await startHeld();
  const streams = await Promise.all(Array.from({ length: 25 }, () => follow(app.url, id)));
  await expect.poll(() => streams.every(({ runs }) => runs.length > 0)).toBe(true);
  run.report(40, "Together");
  await expect.poll(() => streams.every((each) => progressOf(each).includes(40))).toBe(true);
  run.finish();
  await Promise.all(streams.map(({ ended }) => ended));
  const [first] = streams;
  for (const each of streams) {
    expectLawful(each);
    expect(each.runs).toEqual(first!.runs);
    expect(each.ids).toEqual(first!.ids);
  }
});

test("a client that comes back gets only what it has not seen", async () => {
  const { app, id, run } = await startHeld();
  const first = await follow(app.url, id);
  run.report(10, "Ten");
  await expect.poll(() => progressOf(first)).toContain(10);
  const seen = first.ids.at(-1)!;
  first.close();
  const again = await follow(app.url, id, String(seen));
  run.report(20, "Twenty");
  await expect.poll(() => progressOf(again)).toEqual([20]);
  again.close();
  run.finish();
  const end = await app.ended(id);
  const late = await follow(app.url, id, String(again.ids.at(-1)));
  await late.ended;
  expect(late.runs).toEqual([end]);
});

test("whoever has seen the end is told not to come back", async () => {
  const app = shared();
  const id = await app.create();
  await app.ended(id);
  const stream = await follow(app.url, id);
  await stream.ended;
  expect(stream.runs).toHaveLength(1);
  const again = await follow(app.url, id, String(stream.ids[0]));
  expect(again.status).toBe(204);
  await again.ended;
  expect(again.runs).toEqual([]);
});

test.each(["99999", "-1", "abc", "", "1e3", "NaN"])(
  "an id we never gave, %j, hides nothing",
  async (lastEventId) => {
    const { app, id, run } = await startHeld();
    const stream = await follow(app.url, id, lastEventId);
    run.report(10, "Ten");
    await expect.poll(() => progressOf(stream)).toContain(10);
    run.finish();
    await stream.ended;
    expectLawful(stream);
    expect(stream.runs.at(-1)).toMatchObject({ status: "done" });
  },
);

test("a waiting run's place is told when it changes", async () => {
  const one = createHeld();
  const app = await openApp({ sources: [one.source] });
  const first = await app.create(HELD);
  await app.until(first, "running");
  const [second, third] = [await app.create(HELD), await app.create(HELD)];
  const stream = await follow(app.url, third);
  await expect.poll(() => stream.runs.map((each) => each["queue_position"])).toEqual([1]);
  await app.cancel(second);
  await expect.poll(() => stream.runs.at(-1)?.["queue_position"], { timeout: 5000 }).toBe(0);
  one.runs.get(first)!.finish();
  await expect.poll(() => one.runs.has(third)).toBe(true);
  one.runs.get(third)!.finish();
  await stream.ended;
  expectLawful(stream);
  expect(stream.runs.at(-1)).toMatchObject({ status: "done" });
});

test("a cancel is the last that a stream tells", async () => {
  const { app, id, run } = await startHeld();
  const stream = await follow(app.url, id);
  await app.cancel(id);
  run.report(90, "Still at it");
  await stream.ended;
  expect(stream.runs.at(-1)).toMatchObject({ status: "cancelled", progress: 0 });
});

test("a client that leaves cancels nothing", async () => {
  const { app, id, run } = await startHeld();
  const stream = await follow(app.url, id);
  stream.close();
  await stream.ended;
  expect(await app.read(id)).toMatchObject({ status: "running" });
  run.finish();
  expect((await app.ended(id)).status).toBe("done");
});

test("a server that stops ends its streams", async () => {
  const { app, id } = await startHeld(await openApp({ sources: [held.source] }));
  const stream = await follow(app.url, id);
  await app.stop();
  await stream.ended;
  expect(stream.runs.at(-1)).toMatchObject({ run_id: id, status: "running" });
});

test("a quiet stream says now and then that it is alive", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const stream = await quietStream(vi);
  expect(stream.comments).toBe(2);
  expect(stream.runs).toHaveLength(1);
});

async function quietStream(clock: typeof vi): Promise<Followed> {
  try {
    const one = createHeld();
    const app = await openApp({ sources: [one.source] });
    const { body } = await app.post({ fields: HELD }).expect(200);
    // From here on nothing changes any more.
    while (one.runs.size === 0) await new Promise(setImmediate);
    const stream = await follow(app.url, (body as { run_id: string }).run_id);
    while (stream.runs.length === 0) await new Promise(setImmediate);
    clock.advanceTimersByTime(31_000);
    while (stream.comments < 2) await new Promise(setImmediate);
    return stream;
  } finally {
    clock.useRealTimers();
  }
}
