import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

import { createClient, type Client } from "@modly-runs/contract/client";

import { ask, formOf } from "../test/crash/wire.ts";
import { heavyPicture, picture } from "../test/support/pictures.ts";
import { type ListeningServer, startServerProcess } from "../test/support/server-process.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "10000" },
    uploads: { type: "string", default: "100" },
    "upload-mib": { type: "string", default: "20" },
    watchers: { type: "string", default: "500" },
    from: { type: "string", default: "source" },
  },
});
const RUNS = Number(values.runs);
const UPLOADS = Number(values.uploads);
const UPLOAD_BYTES = Number(values["upload-mib"]) * 1024 ** 2;
const WATCHERS = Number(values.watchers);
const from = values.from === "dist" ? "dist" : "source";
/** So many clients keep the queue filled. */
const CLIENTS = 16;

interface Measured {
  readonly server: ListeningServer;
  readonly client: Client;
}

/** Resident memory in MiB as the kernel counts it (proc(5), /proc/[pid]/status): now, and the peak so far. */
async function memory({ pid }: ListeningServer): Promise<{ now: number; peak: number }> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const mib = (field: string) =>
    Math.round(Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1024);
  return { now: mib("VmRSS"), peak: mib("VmHWM") };
}

/** Gives `work` a server of its own, with an empty data directory. */
async function withServer(
  args: readonly string[],
  work: (measured: Measured) => Promise<void>,
): Promise<void> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), "modly-load-"));
  const server = await startServerProcess({ dataDir, from, args: ["--test-models", ...args] });
  try {
    await work({ server, client: createClient({ baseUrl: server.url }) });
  } finally {
    await server.kill("SIGTERM");
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function create(
  { client }: Measured,
  image: Uint8Array,
  steps: number,
  stepMs: number,
): Promise<string> {
  const params = { steps, step_ms: stepMs };
  const created = await client.create({ image, modelId: "test/steps", params });
  if (!created.ok) throw new Error(created.failure.message);
  return created.value.run_id;
}

/** Follows a run to its end and gives how many states it showed. */
async function follow({ client }: Measured, runId: string): Promise<number> {
  let seen = 0;
  let status = "unseen";
  for await (const run of client.watch(runId)) {
    if (!run.ok) throw new Error(run.failure.message);
    status = run.value.status;
    seen++;
  }
  if (status !== "done") throw new Error(`${runId} ended as ${status}`);
  return seen;
}

async function measureRuns(measured: Measured): Promise<void> {
  const image = picture();
  const marks = new Set([0.01, 0.1, 0.25, 0.5, 0.75, 1].map((part) => Math.round(part * RUNS)));
  const began = performance.now();
  let begun = 0;
  let ended = 0;
  console.log("| runs | resident memory, MiB | runs a second so far |\n|---|---|---|");
  async function one(): Promise<void> {
    while (begun < RUNS) {
      begun++;
      await follow(measured, await create(measured, image, 1, 0));
      ended++;
      if (!marks.has(ended)) continue;
      const rate = Math.round((ended / (performance.now() - began)) * 1000);
      console.log(`| ${ended} | ${(await memory(measured.server)).now} | ${rate} |`);
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, one));
}

type Form = ReturnType<typeof formOf>;

/** Sends a form that all share: a hundred copies in this process would slow down what is measured. */
async function upload({ server }: Measured, { body, headers }: Form): Promise<string> {
  const url = `${server.url}/workflow-runs/from-image`;
  const answer = await ask(url, { method: "POST", headers, body: [body] });
  if (answer?.status !== 200) throw new Error(`an upload was not taken: ${answer?.text}`);
  return (JSON.parse(answer.text) as { run_id: string }).run_id;
}

async function measureUploads(measured: Measured): Promise<void> {
  const form = formOf(heavyPicture(UPLOAD_BYTES), {
    model_id: "test/steps",
    params: '{"steps":1,"step_ms":0}',
  });
  // The first create loads what every create needs: the measurement begins behind it.
  await follow(measured, await create(measured, picture(), 1, 0));
  const before = await memory(measured.server);
  const began = performance.now();
  const ids = await Promise.all(Array.from({ length: UPLOADS }, () => upload(measured, form)));
  const seconds = (performance.now() - began) / 1000;
  const { peak } = await memory(measured.server);
  for (const id of ids) await follow(measured, id);
  const sent = Math.round((UPLOADS * UPLOAD_BYTES) / 1024 ** 2);
  console.log(
    [
      "| uploads at once | MiB in all | seconds | MiB a second | memory before, MiB | peak, MiB | after, MiB |",
      "|---|---|---|---|---|---|---|",
      `| ${UPLOADS} | ${sent} | ${seconds.toFixed(1)} | ${Math.round(sent / seconds)} | ${before.now} | ${peak} | ${(await memory(measured.server)).now} |`,
    ].join("\n"),
  );
}

async function measureWatchers(measured: Measured): Promise<void> {
  const before = await memory(measured.server);
  const runId = await create(measured, picture(), 100, 100);
  const ends: number[] = [];
  const seen = await Promise.all(
    Array.from({ length: WATCHERS }, async () => {
      const states = await follow(measured, runId);
      ends.push(performance.now());
      return states;
    }),
  );
  const { peak } = await memory(measured.server);
  console.log(
    [
      "| watchers of one run | that saw its end | states seen by each, fewest and most | first to last end, ms | memory before, MiB | peak, MiB |",
      "|---|---|---|---|---|---|",
      `| ${WATCHERS} | ${ends.length} | ${Math.min(...seen)}, ${Math.max(...seen)} | ${Math.round(Math.max(...ends) - Math.min(...ends))} | ${before.now} | ${peak} |`,
    ].join("\n"),
  );
}

console.log(`Node ${process.version}, ${os.availableParallelism()} cores, server from ${from}\n`);
await withServer([], measureRuns);
console.log("");
await withServer([`--max-uploads=${UPLOADS}`], measureUploads);
console.log("");
await withServer([], measureWatchers);
