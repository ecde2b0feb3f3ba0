/**
 * Works a server for a long time and watches whether anything grows: `pnpm soak [--minutes 30] [--from dist]`.
 *
 * Creates that are followed to their end, uploads cut half-way, exports, watchers that leave, cancels, and
 * retention that takes away what was made. Each minute it notes memory, descriptors, children and disk.
 */
import path from "node:path";
import { parseArgs } from "node:util";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { setTimeout as wait } from "node:timers/promises";

import { dial } from "../test/support/raw.ts";
import { formOf } from "../test/crash/wire.ts";
import { heavyPicture, picture } from "../test/support/pictures.ts";
import { startServerProcess } from "../test/support/server-process.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    every: { type: "string", default: "60" },
    from: { type: "string", default: "source" },
  },
});
const endsAt = performance.now() + Number(values.minutes) * 60_000;
const isOn = () => performance.now() < endsAt;

const dataDir = await mkdtemp(path.join(tmpdir(), "modly-soak-"));
const server = await startServerProcess({
  dataDir,
  from: values.from === "dist" ? "dist" : "source",
  args: ["--test-models", "--keep-runs=20s", "--keep-bytes=50MiB", "--keep-read=5s"],
});
const { url, pid } = server;
const counts = { runs: 0, cancelled: 0, cut: 0, exports: 0, left: 0, failed: 0 };
const create = `${url}/workflow-runs/from-image`;

async function post(fields: Record<string, string>, image = picture()): Promise<string> {
  const { body, headers } = formOf(image, fields);
  const answer = await fetch(create, { method: "POST", headers, body: new Uint8Array(body) });
  const { run_id: id } = (await answer.json()) as { run_id?: string };
  if (answer.status !== 200 || !id) throw new Error(`a create got ${answer.status}`);
  return id;
}

async function untilEnded(id: string): Promise<{ status: string; output_url: string | null }> {
  for (;;) {
    const answer = await fetch(`${url}/workflow-runs/${id}`, { headers: { Prefer: "wait=30" } });
    const run = (await answer.json()) as { status: string; output_url: string | null };
    if (!["pending", "running"].includes(run.status)) return run;
  }
}

const WORK: readonly (() => Promise<void>)[] = [
  async function makes() {
    const run = await untilEnded(
      await post({ model_id: "test/steps", params: '{"steps":3,"step_ms":5}' }),
    );
    if (run.status !== "done") throw new Error(`a run ended as ${run.status}`);
    counts.runs++;
  },
  async function makesAndExports() {
    const run = await untilEnded(
      await post({ model_id: "test/steps", params: '{"steps":1,"step_ms":0}' }),
    );
    const target = run.output_url?.replace("/workspace/", "") ?? "";
    const answer = await fetch(`${url}/export/stl?path=${encodeURIComponent(target)}`);
    await answer.arrayBuffer();
    if (answer.status !== 200) throw new Error(`an export got ${answer.status}`);
    counts.exports++;
    await wait(500);
  },
  async function cancels() {
    const id = await post({ model_id: "test/steps", params: '{"steps":100,"step_ms":50}' });
    await wait(50);
    await (await fetch(`${url}/workflow-runs/${id}/cancel`, { method: "POST" })).text();
    counts.cancelled++;
  },
  async function cutsOff() {
    const { body, headers } = formOf(heavyPicture(2 * 1024 ** 2), { model_id: "test/steps" });
    const socket = dial(url);
    socket.on("error", () => {});
    const fields = Object.entries({ host: new URL(url).host, ...headers });
    socket.write(
      `POST /workflow-runs/from-image HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`,
    );
    socket.write(body.subarray(0, body.length / 2));
    await wait(50);
    socket.destroy();
    counts.cut++;
    await wait(200);
  },
  async function leaves() {
    const id = await post({ model_id: "test/steps", params: '{"steps":5,"step_ms":20}' });
    const gone = new AbortController();
    const answer = await fetch(`${url}/workflow-runs/${id}`, {
      headers: { Accept: "text/event-stream" },
      signal: gone.signal,
    });
    await answer.body?.getReader().read();
    gone.abort();
    // So that what waits does not pile up: that would be no leak.
    await untilEnded(id);
    counts.left++;
  },
  async function generates() {
    const image = await readFile(new URL("../../../examples/star.png", import.meta.url));
    const run = await untilEnded(await post({ model_id: "builtin/inflate" }, image));
    if (run.status !== "done") throw new Error(`builtin/inflate ended as ${run.status}`);
    counts.runs++;
    await wait(1000);
  },
];

async function bytesBelow(directory: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true }))
    if (entry.isFile())
      bytes += await stat(path.join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      );
  return bytes;
}

async function look(): Promise<Record<string, number>> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  const mib = (bytes: number) => Math.round(bytes / 1024 ** 2);
  return {
    memory: Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024),
    descriptors: (await readdir(`/proc/${pid}/fd`)).length,
    children: children.split(" ").filter((each) => each !== "").length,
    uploads: (await readdir(path.join(dataDir, "uploads"))).length,
    workspace: mib(await bytesBelow(path.join(dataDir, "workspace")).catch(() => 0)),
    database: mib((await stat(path.join(dataDir, "runs.db"))).size),
  };
}

async function keepOn(work: () => Promise<void>): Promise<void> {
  while (isOn())
    await work().catch((cause: unknown) => {
      counts.failed++;
      console.error(String(cause));
    });
}

try {
  console.log(
    "| minute | memory, MiB | descriptors | children | uploads | workspace, MiB | runs.db, MiB | runs |\n|---|---|---|---|---|---|---|---|",
  );
  const working = Promise.all(WORK.map(keepOn));
  const began = performance.now();
  while (isOn()) {
    await wait(Number(values.every) * 1000);
    const minute = ((performance.now() - began) / 60_000).toFixed(1);
    console.log(`| ${[minute, ...Object.values(await look()), counts.runs].join(" | ")} |`);
  }
  await working;
  // What was made goes when its time is over; what was cut off is gone.
  await wait(35_000);
  console.log(`| at rest | ${Object.values(await look()).join(" | ")} | ${counts.runs} |`);
  console.log(
    Object.entries(counts)
      .map(([what, count]) => `${what} ${count}`)
      .join(", "),
  );
  process.exitCode = counts.failed > 0 ? 1 : 0;
} finally {
  await server.kill("SIGTERM");
  await rm(dataDir, { recursive: true, force: true });
}
