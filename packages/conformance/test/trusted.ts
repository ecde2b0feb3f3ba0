import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { collect, PRESETS, type RunOptions, type TargetConfig } from "../src/index.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** A server in a process of its own. */
export interface Listening {
  readonly url: string;
  close(): Promise<void>;
}

async function listening(command: string, args: readonly string[]): Promise<Listening> {
  const server = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(server, "exit");
  const [line] = (await once(createInterface(server.stdout), "line")) as [string];
  const [url] = /http:\/\/[\d.]+:\d+/.exec(line) ?? [];
  if (url === undefined) throw new Error(`it said: ${line}`);
  return {
    url,
    async close() {
      server.kill("SIGTERM");
      await ended;
    },
  };
}

/** Does something with the server of this project, started with an empty folder. */
export async function withOwnServer<T>(action: (target: TargetConfig) => Promise<T>): Promise<T> {
  const data = await mkdtemp(join(tmpdir(), "conformance-own-"));
  const main = join(root, "apps/server/src/main.ts");
  const flags = ["--import", "tsx", "--conditions=@modly-runs/source", main];
  const settings = ["--port", "0", "--data-dir", data, "--test-models"];
  const server = await listening(process.execPath, [...flags, ...settings]);
  try {
    return await action({ ...PRESETS["modly-runs"], base_url: server.url });
  } finally {
    await server.close();
    await rm(data, { recursive: true, force: true });
  }
}

/** Does something with the server in Python. */
export async function withWitness<T>(
  action: (target: TargetConfig) => Promise<T>,
  script = fileURLToPath(new URL("../witness/server.py", import.meta.url)),
): Promise<T> {
  const server = await listening("python3", [script, "--port", "0"]);
  const long = { model_id: "witness/flat", params: { steps: 50, step_ms: 50 } };
  try {
    return await action({
      base_url: server.url,
      situations: {
        succeeds: { model_id: "witness/flat", params: { steps: 4, step_ms: 25 } },
        runs_long: { ...long, min_ms: 1_500 },
        queued: { ...long, burst: 24 },
        fails: { model_id: "witness/flat", params: { fail: true } },
        fingerprint: { model_id: "witness/flat" },
      },
    });
  } finally {
    await server.close();
  }
}

/** What a server is blamed for, a line each. */
export async function troublesOf(target: TargetConfig, options: RunOptions): Promise<string[]> {
  const { verdicts } = await collect(target, options);
  return verdicts
    .filter(({ status }) => !["pass", "n/a", "note"].includes(status))
    .map(({ id, status, observed, reason }) => `${id} ${status}: ${observed ?? reason}`);
}

/** It waits for the server's own time limit, which is a minute there. */
const SLOW = ["SEC-09"];
const all = (target: TargetConfig) => troublesOf(target, { set: "all", skip: SLOW });
const thorough = (target: TargetConfig) =>
  troublesOf({ ...target, thorough: true }, { set: "core" });

/** Whole servers that have to be right in everything; `pnpm zoo` has the time. */
export const TRUSTED: readonly { name: string; faults(): Promise<string[]> }[] = [
  { name: "the server of this project", faults: () => withOwnServer(all) },
  { name: "the server of this project, thoroughly", faults: () => withOwnServer(thorough) },
  { name: "the server in Python", faults: () => withWitness(all) },
  { name: "the server in Python, thoroughly", faults: () => withWitness(thorough) },
];
