import { get } from "node:http";

import { interleave, judge } from "../row.ts";
import { createRun, memoryOf, readRun, stepsForm, withOurs, withYardstick } from "../sides.ts";

const WATCHERS = 1000;
const RUNS = 20;

/** Opens the streams, waits for the first event on each, and gives how many events came on each path. */
async function watch(urls: readonly string[]) {
  const seen = new Map<string, number>(urls.map((url) => [url, 0]));
  let notice = () => {};
  const streams = Array.from({ length: WATCHERS }, (_, at) => {
    const url = urls[at % urls.length]!;
    const request = get(
      url,
      { agent: false, headers: { Accept: "text/event-stream" } },
      (answer) => {
        answer.on("data", (data: Buffer) => {
          const events = data.toString("latin1").split("\ndata: ").length - 1;
          seen.set(url, seen.get(url)! + events);
          notice();
        });
      },
    );
    request.on("error", () => {});
    return request;
  });
  const each = WATCHERS / urls.length;
  const until = (isThere: () => boolean) =>
    new Promise<void>((resolve) => {
      notice = () => isThere() && resolve();
      notice();
    });
  return {
    settled: () => until(() => [...seen.values()].every((count) => count >= each)),
    /** Resolves when each watcher of the path has heard of one more. */
    async heard(url: string, change: () => Promise<unknown>): Promise<number> {
      const before = seen.get(url)!;
      const began = performance.now();
      const changed = change();
      await until(() => seen.get(url)! >= before + each);
      const ms = performance.now() - began;
      await changed;
      return ms;
    },
    close: () => streams.forEach((stream) => stream.destroy()),
  };
}

/** Opens all watchers of a server, and gives what one of them costs in memory. */
async function open(urls: readonly string[], pid: number) {
  const before = (await memoryOf(pid)).now;
  const watched = await watch(urls);
  await watched.settled();
  return { watched, bytes: ((await memoryOf(pid)).now - before) / WATCHERS };
}

/** Row 4: many watchers. The change is a cancel, which is on disk before anybody is told; so is the yardstick's. */
export const watchers = () =>
  withOurs(
    async ({ url, pid }) => {
      const ids: string[] = [];
      for (let count = 0; count < RUNS; count++)
        ids.push(await createRun(url, stepsForm(1, 3_600_000)));
      for (const id of ids) while ((await readRun(url, id)).status !== "running");
      const run = await readRun(url, ids[0]!);
      const urlsAt = (base: string) => ids.map((id) => `${base}/workflow-runs/${id}`);
      return withYardstick("bare", run, async (base, itsPid) => {
        const ours = await open(urlsAt(url), pid);
        const bare = await open(urlsAt(base), itsPid);
        let turn = 0;
        const change = (to: string) => async () => (await fetch(to, { method: "POST" })).text();
        // In turn, run by run: what else the disk does falls on both.
        const found = await interleave(RUNS, {
          ours() {
            const at = urlsAt(url)[turn]!;
            return ours.watched.heard(at, change(`${at}/cancel`));
          },
          bare() {
            const at = urlsAt(base)[turn++]!;
            return bare.watched.heard(at, change(at));
          },
        });
        for (const { watched } of [ours, bare]) watched.close();
        return [
          judge({
            ...{ name: "a change reaches the last of its watchers", unit: "ms", atMost: 2 },
            ...{ ours: found.ours, yardstick: found.bare },
          }),
          judge({
            ...{ name: "memory a watcher", unit: "KiB", ours: ours.bytes / 1024, atMost: 40 },
            note: `bare node:http ${(bare.bytes / 1024).toFixed(1)}`,
          }),
        ];
      });
    },
    { args: [`--workers=${RUNS}`] },
  );
