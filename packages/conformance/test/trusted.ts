import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
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

/** Sources that run without a build. */
const FROM_SOURCES = ["--import", "tsx", "--conditions=@modly-runs/source"];

/** Starts the server of this project in an empty folder, with these settings. */
async function startOwn(folder: string, ...settings: readonly string[]): Promise<Listening> {
  const main = join(root, "apps/server/src/main.ts");
  const usual = ["--port", "0", "--data-dir", join(folder, "data")];
  return listening(process.execPath, [...FROM_SOURCES, main, ...usual, ...settings]);
}

/** Does something in an empty folder that is removed after it. */
async function inFolder<T>(action: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "conformance-own-"));
  try {
    return await action(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Does something with the server of this project, started with an empty folder. */
export async function withOwnServer<T>(action: (target: TargetConfig) => Promise<T>): Promise<T> {
  return inFolder(async (folder) => {
    const server = await startOwn(folder, "--test-models");
    try {
      return await action({ ...PRESETS["modly-runs"], base_url: server.url });
    } finally {
      await server.close();
    }
  });
}

/** A Modly of the tests, with all its bugs; it ends with this process. */
async function startModly(folder: string): Promise<Listening> {
  const workspace = join(folder, "modly-workspace");
  await mkdir(workspace);
  const main = join(root, "apps/server/test/modly-api/stand-in/main.ts");
  const flags = [`--workspace=${workspace}`, `--ledger=${join(folder, "ledger.jsonl")}`];
  const modly = fork(main, flags, { execArgv: FROM_SOURCES });
  const ended = once(modly, "exit");
  const [{ port }] = (await once(modly, "message")) as [{ port: number }];
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      modly.kill("SIGKILL");
      await ended;
    },
  };
}

/** Does something with the server of this project in front of a Modly with all its bugs. */
async function withFacade<T>(action: (target: TargetConfig) => Promise<T>): Promise<T> {
  return inFolder(async (folder) => {
    const modly = await startModly(folder);
    try {
      const server = await startOwn(folder, "--modly-url", modly.url);
      const slow = { model_id: "stand-in/long", params: { steps: 60, step_ms: 50 } };
      try {
        return await action({
          base_url: server.url,
          capabilities: ["idempotency_key"],
          situations: {
            succeeds: { model_id: "stand-in/fast" },
            runs_long: { ...slow, min_ms: 2_000 },
            queued: { ...slow, burst: 3 },
            fails: { model_id: "stand-in/fail" },
            fingerprint: { model_id: "stand-in/fingerprint" },
          },
        });
      } finally {
        await server.close();
      }
    } finally {
      await modly.close();
    }
  });
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

/** Whole servers that have to be right in everything, the slowest first; `pnpm zoo` has the time. */
export const TRUSTED: readonly { name: string; faults(): Promise<string[]> }[] = [
  {
    name: "the server of this project in front of a Modly, thoroughly",
    faults: () => withFacade(thorough),
  },
  { name: "the server of this project in front of a Modly", faults: () => withFacade(all) },
  { name: "the server of this project", faults: () => withOwnServer(all) },
  { name: "the server of this project, thoroughly", faults: () => withOwnServer(thorough) },
  { name: "the server in Python", faults: () => withWitness(all) },
  { name: "the server in Python, thoroughly", faults: () => withWitness(thorough) },
];
