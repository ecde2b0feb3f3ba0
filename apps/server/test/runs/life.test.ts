import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import { canBeSeenAfter, isEnded } from "@modly-runs/contract";
import * as fc from "fast-check";
import { expect, test } from "vitest";

import { type App, openApp } from "../support/app.ts";
import { follow, type Followed } from "../support/events.ts";
import { createHeld, source } from "../support/generators.ts";
import { picture } from "../support/pictures.ts";

const HELD = { model_id: "fake/held", params: "{}" };

/** Nobody ever sees what a later look takes back. */
function expectLegal({ runs }: Followed): void {
  for (let at = 1; at < runs.length; at++) {
    const [before, now] = [runs[at - 1]!, runs[at]!];
    expect(canBeSeenAfter(before.status, now.status)).toBe(true);
    expect(now.progress).toBeGreaterThanOrEqual(before.progress);
    if (isEnded(before.status)) expect(now).toEqual(before);
  }
}

const meshesOf = (app: App, runId: string) =>
  readdirSync(app.workspaceDir, { recursive: true })
    .map(String)
    .filter((name) => name.includes(runId));

/** Milliseconds after which a run is told to finish, and cancelled so many times at once. */
interface Race {
  readonly finishAfter: number;
  readonly cancelAfter: number;
  readonly cancels: number;
}

test("of a cancel and an end that race, one wins, and everybody sees the same", async () => {
  const held = createHeld({ places: 8 });
  const app = await openApp({ sources: [held.source] });
  const wins = { done: 0, cancelled: 0 };
  const race = fc.record({
    finishAfter: fc.integer({ min: 0, max: 12 }),
    cancelAfter: fc.integer({ min: 0, max: 12 }),
    cancels: fc.integer({ min: 1, max: 3 }),
  });
  async function runRace({ finishAfter, cancelAfter, cancels }: Race): Promise<void> {
    const id = await app.create(HELD);
    const stream = await follow(app.url, id);
    while (!held.runs.has(id)) await new Promise(setImmediate);
    const finished = wait(finishAfter).then(() => held.runs.get(id)!.finish());
    const answers = await Promise.all(
      Array.from({ length: cancels }, () => wait(cancelAfter).then(() => app.cancel(id))),
    );
    await finished;
    const end = await app.read(id);
    await stream.ended;
    expectLegal(stream);
    expect(stream.runs.at(-1)).toEqual(end);
    expect(["done", "cancelled"]).toContain(end.status);
    wins[end.status as "done" | "cancelled"]++;
    for (const answer of answers)
      expect(answer).toEqual({
        run_id: id,
        status: end.status,
        cancelled: end.status === "cancelled",
      });
    // A mesh that lost its race is taken back.
    const wanted = end.status === "done" ? 1 : 0;
    await expect.poll(() => meshesOf(app, id).length, { interval: 5 }).toBe(wanted);
    expect(await app.read(id)).toEqual(end);
  }
  const races = fc.array(race, { minLength: 6, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(races, async (several) => void (await Promise.all(several.map(runRace)))),
    { numRuns: 6 },
  );
  expect(wins.done + wins.cancelled).toBeGreaterThanOrEqual(36);
});

test("a run that waits is pending, and begins when it is its turn", async () => {
  const held = createHeld();
  const app = await openApp({ sources: [held.source] });
  const ids: string[] = [];
  for (let count = 0; count < 4; count++) ids.push(await app.create(HELD));
  for (const [index, id] of ids.entries()) {
    await app.until(id, "running");
    await expect.poll(() => held.runs.has(id)).toBe(true);
    for (const later of ids.slice(index + 1))
      expect(await app.read(later)).toMatchObject({ status: "pending", progress: 0 });
    held.runs.get(id)!.finish();
    await app.ended(id);
  }
});

test("what happens to one run is nothing to the others", async () => {
  const held = createHeld({ places: 2 });
  const app = await openApp({ sources: [held.source] });
  const [a, b, waiting] = [await app.create(HELD), await app.create(HELD), await app.create(HELD)];
  const done = await app.create();
  await app.ended(done);
  for (const id of [a, b]) await expect.poll(() => held.runs.has(id)).toBe(true);
  held.runs.get(b)!.report(50, "Half way");
  await expect.poll(() => app.read(b)).toMatchObject({ progress: 50 });
  await app.cancel(waiting);
  await app.cancel(done);
  await app.cancel("nobody").catch(() => undefined);
  expect(held.runs.get(a)!.context.signal.aborted).toBe(false);
  await app.cancel(a);
  expect(held.runs.get(b)!.context.signal.aborted).toBe(false);
  expect(await app.read(b)).toMatchObject({ status: "running", progress: 50, step: "Half way" });
  held.runs.get(b)!.finish();
  expect((await app.ended(b)).status).toBe("done");
  expect(held.runs.has(waiting)).toBe(false);
});

test("runs at once get each its own mesh", async () => {
  const app = await openApp();
  const runs = await Promise.all(
    Array.from({ length: 12 }, async (_, index) => {
      const file = picture(index);
      const fields = { model_id: "test/fingerprint", params: '{"step_ms":5}' };
      const { body } = await app.post({ file, fields }).expect(200);
      const run = await app.ended((body as { run_id: string }).run_id);
      return { run, sha256: createHash("sha256").update(file).digest("hex") };
    }),
  );
  for (const { run, sha256 } of runs) {
    const mesh = readFileSync(path.join(app.workspaceDir, run.scene_candidate!.workspace_path));
    expect(mesh.includes(sha256)).toBe(true);
    expect(run.output_url).toContain(sha256);
  }
});

test("done and its file appear together, for whoever looks first", async () => {
  const app = await openApp();
  const looks = Array.from({ length: 8 }, async () => {
    const id = await app.create();
    for (;;) {
      const run = await app.read(id);
      if (!isEnded(run.status)) continue;
      const mesh = await app.api().get(run.output_url!);
      return mesh.status;
    }
  });
  expect(new Set(await Promise.all(looks))).toEqual(new Set([200]));
});

test("a run that fails tells how far it had come", async () => {
  const reports = source("far", async (_input, { onProgress }) => {
    for (const percent of [10, 40, 70]) onProgress(percent, `At ${percent}`);
    return { ok: false, error: "It fails." };
  });
  const app = await openApp({ sources: [reports] });
  const end = await app.ended(await app.create({ model_id: "fake/far", params: "{}" }));
  expect(end).toMatchObject({ status: "error", progress: 70, step: "At 70" });
});
