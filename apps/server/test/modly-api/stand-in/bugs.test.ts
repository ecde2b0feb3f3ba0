import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";

import { afterEach, expect, test, vi } from "vitest";

import { formOf } from "../../storms/wishes.ts";
import { ALL_BUGS, type Bug } from "./bugs.ts";
import type { Job } from "./jobs.ts";
import { createStandIn } from "./server.ts";

interface Api {
  readonly url: string;
  submit(mark: string, params: unknown, model?: string): Promise<string>;
  job(id: string): Promise<Job>;
  until(id: string, condition: (job: Job) => boolean): Promise<Job>;
  cancel(id: string): Promise<void>;
}

const QUICK = { steps: 4, step_ms: 20 };
const SLOW = { steps: 12, step_ms: 40 };
const has =
  (...statuses: string[]) =>
  (job: Job) =>
    statuses.includes(job.status);
const ended = has("done", "error", "cancelled");
const running = has("running");

let close: () => Promise<void>;
afterEach(async () => close());

async function open(bugs: readonly Bug[]): Promise<Api> {
  const directory = await mkdtemp(path.join(os.tmpdir(), "stand-in-"));
  const workspace = path.join(directory, "workspace");
  await mkdir(workspace);
  await writeFile(path.join(directory, "secret.txt"), "secret");
  const ledger = path.join(directory, "ledger.jsonl");
  const server = createStandIn({ bugs: new Set(bugs), workspace, ledger, token: undefined });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  close = async () => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
    await rm(directory, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const job = async (id: string) =>
    (await (await fetch(`${url}/generate/status/${id}`)).json()) as Job;
  return {
    url,
    job,
    async submit(mark, params, model = "stand-in/long") {
      const body = formOf({ mark, model, params: params as Record<string, unknown> });
      const answer = await fetch(`${url}/generate/from-image`, { method: "POST", body });
      return ((await answer.json()) as { job_id: string }).job_id;
    },
    async until(id, condition) {
      await vi.waitUntil(async () => condition(await job(id)), { timeout: 20_000, interval: 5 });
      return job(id);
    },
    async cancel(id) {
      await fetch(`${url}/generate/cancel/${id}`, { method: "POST" });
    },
  };
}

async function meshOf({ url }: Api, { output_url }: Job): Promise<string> {
  const read = async () => fetch(url + (output_url ?? ""));
  await vi.waitUntil(async () => (await read()).ok, { timeout: 20_000, interval: 20 });
  return (await read()).text();
}

/** Statuses of a create whose one part is odd. */
async function createWith({ url }: Api, name: string, value: string | Blob): Promise<number> {
  const body = formOf({ mark: "odd", model: "stand-in/fingerprint", params: {} });
  if (typeof value === "string") body.set(name, value);
  else body.set(name, value, "p.png");
  return (await fetch(`${url}/generate/from-image`, { method: "POST", body })).status;
}

function rawStatus(url: string, verbatim: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    http
      .get({ hostname, port, path: verbatim }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
      .on("error", reject);
  });
}

/** Whether the stand-in does the wrong thing: true with the bug, false without. */
const SHOWS: Record<Bug, (api: Api) => Promise<boolean>> = {
  async cancelKillsActive(api) {
    const over = await api.submit("over", QUICK);
    await api.until(over, ended);
    const other = await api.submit("other", SLOW);
    await api.until(other, running);
    await api.cancel(over);
    return (await api.until(other, ended)).status === "error";
  },
  async resultsSwap(api) {
    const [a, b] = [await api.submit("a", SLOW), await api.submit("b", SLOW)];
    const jobs = [await api.until(a, ended), await api.until(b, ended)] as const;
    const alone = await api.until(await api.submit("a", QUICK), ended);
    return (await meshOf(api, jobs[0])) !== (await meshOf(api, alone));
  },
  async answersTaken(api) {
    const first = await api.submit("first", SLOW);
    await api.until(first, running);
    await api.until(await api.submit("second", SLOW), ended);
    return running(await api.job(first));
  },
  async switchFreezes(api) {
    const stuck = await api.submit("stuck", SLOW);
    await api.until(stuck, running);
    const began = performance.now();
    await api.submit("next", QUICK, "stand-in/fast");
    return performance.now() - began > 1_000;
  },
  async waitersRunElsewhere(api) {
    const first = await api.submit("first", SLOW);
    const second = await api.submit("second", SLOW);
    const waits = await api.job(second);
    await api.cancel(first);
    return waits.status === "running";
  },
  async oddParams(api) {
    return (await createWith(api, "params", "[1]")) === 500;
  },
  async emptyImages(api) {
    return (await createWith(api, "image", new Blob([], { type: "image/png" }))) === 200;
  },
  async collectionsClimb(api) {
    return (await createWith(api, "collection", "..")) === 200;
  },
  async progressAfterCancel(api) {
    const id = await api.submit("cancelled", SLOW);
    await api.until(id, running);
    await api.cancel(id);
    const { progress } = await api.job(id);
    return (await api.job(id)).progress !== progress;
  },
  async cancelPoisons(api) {
    const first = await api.submit("cancelled", SLOW);
    await api.until(first, running);
    await api.cancel(first);
    const ends = [];
    for (const mark of ["a", "b", "c", "d", "e", "f"])
      ends.push((await api.until(await api.submit(mark, QUICK), ended)).status);
    return ends.join() === "error,error,error,error,error,done";
  },
  async ignoresCancel(api) {
    const id = await api.submit("cancelled", { steps: 30, step_ms: 20 });
    await api.until(id, running);
    await api.cancel(id);
    const { progress } = await api.job(id);
    await api.until(await api.submit("next", QUICK), ended);
    return (await api.job(id)).progress > progress;
  },
  async oddProgress(api) {
    const id = await api.submit("odd", { steps: 30, step_ms: 20 });
    const odd = await api.until(id, (job) => job.progress > 100 || ended(job));
    return odd.progress > 100;
  },
  async tracebacks(api) {
    const id = await api.submit("fails", QUICK, "stand-in/fail");
    return (await api.until(id, ended)).error?.startsWith("Traceback") ?? false;
  },
  async lateFiles(api) {
    const { output_url } = await api.until(await api.submit("late", QUICK), ended);
    return (await fetch(api.url + (output_url ?? ""))).status === 404;
  },
  async refusedCreateSwitches(api) {
    await createWith(api, "params", "[1]");
    const answer = await fetch(`${api.url}/model/status`);
    return ((await answer.json()) as { id: string }).id === "stand-in/fingerprint";
  },
  async workspaceLeaks({ url }) {
    return (await rawStatus(url, "/workspace/..%2fsecret.txt")) === 200;
  },
};

test.for(ALL_BUGS)("%s is there when it is switched on, and only then", async (bug) => {
  expect(await SHOWS[bug](await open([]))).toBe(false);
  await close();
  expect(await SHOWS[bug](await open([bug]))).toBe(true);
});
