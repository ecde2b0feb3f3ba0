import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import type { Run } from "@modly-runs/contract";

import { formOf } from "../test/crash/wire.ts";
import { picture } from "../test/support/pictures.ts";
import { type ListeningServer, startServerProcess } from "../test/support/server-process.ts";

/** Which build of ours is measured. */
export const from = process.argv.includes("--from=source") ? "source" : "dist";

/** Gives `work` a directory that goes afterwards. */
export async function withDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(path.join(tmpdir(), "modly-bench-"));
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Our server, with everything a user has: log at `info`, metrics, guard. */
export async function withOurs<T>(
  work: (server: ListeningServer, dataDir: string) => Promise<T>,
  { args = [], dataDir }: { args?: readonly string[]; dataDir?: string } = {},
): Promise<T> {
  const go = async (directory: string) => {
    const flags = ["--test-models", "--log-level=info", "--max-connections=4096", ...args];
    const server = await startServerProcess({ dataDir: directory, from, args: flags });
    try {
      return await work(server, directory);
    } finally {
      await server.kill("SIGTERM");
    }
  };
  return dataDir === undefined ? withDirectory(go) : go(dataDir);
}

const YARDSTICK = fileURLToPath(new URL("yardstick.ts", import.meta.url));

/** A server to compare with, which answers with this run. */
export async function withYardstick<T>(
  kind: "express" | "bare",
  run: Run,
  work: (url: string, pid: number) => Promise<T>,
): Promise<T> {
  return withDirectory(async (directory) => {
    const child = spawn(process.execPath, ["--import", "tsx", YARDSTICK, kind, directory], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    child.stdin.end(JSON.stringify(run));
    try {
      const [url] = await new Promise<Buffer[]>((resolve) =>
        child.stdout.once("data", (data: Buffer) => resolve([data])),
      );
      return await work(String(url).trim(), child.pid ?? 0);
    } finally {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill();
      await gone;
    }
  });
}

/** A form for a create of `test/steps`. */
export function stepsForm(steps: number, stepMs: number, image: Buffer = picture()) {
  const params = JSON.stringify({ steps, step_ms: stepMs });
  return formOf(image, { model_id: "test/steps", params });
}

export async function createRun(
  url: string,
  { body, headers }: ReturnType<typeof formOf>,
): Promise<string> {
  const answer = await fetch(`${url}/workflow-runs/from-image`, {
    ...{ method: "POST", headers, body: new Uint8Array(body) },
  });
  if (answer.status !== 200) throw new Error(`a create was not taken: ${await answer.text()}`);
  return ((await answer.json()) as { run_id: string }).run_id;
}

export async function readRun(url: string, runId: string): Promise<Run> {
  return (await (await fetch(`${url}/workflow-runs/${runId}`)).json()) as Run;
}

/** Waits until the run has ended. */
export async function ended(url: string, runId: string): Promise<Run> {
  for (;;) {
    const answer = await fetch(`${url}/workflow-runs/${runId}`, { headers: { Prefer: "wait=60" } });
    const run = (await answer.json()) as Run;
    if (run.status === "done") return run;
    if (run.status === "error" || run.status === "cancelled")
      throw new Error(`${runId} ended as ${run.status}: ${run.error}`);
  }
}

/** Resident memory in bytes as the kernel counts it (proc(5)): now, and the peak so far. */
export async function memoryOf(pid: number): Promise<{ now: number; peak: number }> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const bytes = (field: string) =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1024;
  return { now: bytes("VmRSS"), peak: bytes("VmHWM") };
}
