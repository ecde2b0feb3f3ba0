import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";

import { afterAll } from "vitest";

export const root = path.resolve(import.meta.dirname, "../../..");
const CLI = path.join(root, "apps/cli/dist/main.js");
const SERVER = path.join(root, "apps/server/dist/main.js");

/** Where no server is: port 4 is nobody's. */
export const NOBODY = "http://127.0.0.1:4";

/** An empty directory and how to be rid of it. */
export async function scratch(): Promise<{ dir: string; remove: () => Promise<void> }> {
  const dir = await mkdtemp(path.join(tmpdir(), "modly-runs-cli-"));
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
}

/** The command that runs the command line. */
export const command = [process.execPath, CLI];

/** Whose data and journal they are where a test does not say. */
const home = mkdtempSync(path.join(tmpdir(), "modly-runs-home-"));
afterAll(() => rm(home, { recursive: true, force: true }));

/** An environment in which nothing of the person's own is read or written. */
export function cleanEnv(home: string): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "",
    HOME: home,
    XDG_DATA_HOME: path.join(home, "data"),
    XDG_STATE_HOME: path.join(home, "state"),
  };
}

function start(
  entry: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): ChildProcess {
  return spawn(process.execPath, [entry, ...args], {
    cwd,
    env: { ...cleanEnv(home), ...env },
  });
}

/** Our own server as a process, with the test models. */
export async function startOurServer(
  dataDir: string,
  port = 0,
): Promise<{ url: string; kill: () => Promise<void>; stop: () => Promise<void> }> {
  const args = [
    "--port",
    String(port),
    "--data-dir",
    dataDir,
    "--test-models",
    "--log-level",
    "silent",
  ];
  const server = start(SERVER, args, root);
  const end = (signal: NodeJS.Signals) => async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill(signal);
    await once(server, "exit");
  };
  for await (const line of createInterface({ input: server.stdout! })) {
    const url = /http:\/\/\S+/.exec(line)?.[0];
    if (url) return { url, kill: end("SIGKILL"), stop: end("SIGTERM") };
  }
  throw new Error("The server did not start");
}

/** How a command ended. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The command line as a process. */
export function cli(
  args: readonly string[],
  { cwd = root, env = {} }: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): {
  ended: Promise<Ended>;
  said: (pattern: RegExp) => Promise<string>;
  kill: (signal: NodeJS.Signals) => void;
  pid: number | undefined;
} {
  const child = start(CLI, args, cwd, env);
  let stderr = "";
  child.stderr!.on("data", (chunk) => (stderr += String(chunk)));
  const ended = Promise.all([text(child.stdout!), once(child, "close")]).then(
    ([stdout, [code]]): Ended => ({ code: code as number | null, stdout, stderr }),
  );
  const said = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const look = () => pattern.test(stderr) && resolve(stderr);
      child.stderr!.on("data", look);
      child.on("close", () => reject(new Error(`Never said ${pattern}: ${stderr}`)));
      look();
    });
  return { ended, said, kill: (signal) => void child.kill(signal), pid: child.pid };
}
