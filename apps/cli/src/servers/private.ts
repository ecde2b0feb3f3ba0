import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

import { fail, type Outcome, succeed } from "@modly-runs/contract/client";

import type { Terminal } from "../terminal.ts";
import { installedServer, NOT_INSTALLED } from "./installed.ts";

/** A server of our own: on a free port, for this machine, stopped with us. */
export interface PrivateServer {
  url: string;
  /** Its data stay: the next server of our own knows its runs. */
  keepsRuns: boolean;
  /** Fires when it ends before it is stopped; the reason is a sentence. */
  gone: AbortSignal;
  stop(): Promise<void>;
}

/** Milliseconds that a start may take, and a stop before it is forced. */
const START = 60_000;
const STOP = 15_000;

/** Starts the installed server on its usual data, or on data of its own where another server works on those. */
export async function startPrivate(
  terminal: Pick<Terminal, "remark" | "tell">,
): Promise<Outcome<PrivateServer>> {
  const main = installedServer();
  if (main === undefined) return fail("unreachable", NOT_INSTALLED);
  terminal.remark("No server is running: starting one of our own for now.");
  const usual = await start(main, []);
  if (usual.ok) {
    terminal.tell(`It listens on ${usual.value.url}.`);
    return usual;
  }
  const dir = await mkdtemp(path.join(tmpdir(), "modly-runs-"));
  const own = await start(main, ["--data-dir", dir]);
  if (!own.ok) {
    await rm(dir, { recursive: true, force: true });
    return own;
  }
  terminal.remark(`It works on data of its own. ${usual.failure.message}`);
  terminal.tell(`It listens on ${own.value.url}.`);
  return succeed({
    ...own.value,
    keepsRuns: false,
    async stop() {
      await own.value.stop();
      await rm(dir, { recursive: true, force: true });
    },
  });
}

async function start(main: string, flags: readonly string[]): Promise<Outcome<PrivateServer>> {
  const keeper = import.meta.resolve(
    import.meta.url.endsWith(".ts") ? "./keeper.ts" : "./keeper.js",
  );
  const args = ["--host", "127.0.0.1", "--port", "0", "--log-level", "error", ...flags];
  const server = spawn(process.execPath, [...process.execArgv, "--import", keeper, main, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, MODLY_RUNS_KEPT_BY: String(process.pid) },
    // A group of its own: a Ctrl-C is for us, who still have a run to cancel there.
    detached: process.platform !== "win32",
    windowsHide: true,
  });
  server.stdin.on("error", () => {});
  const leave = () => void server.kill("SIGTERM");
  process.once("exit", leave);
  let said = "";
  server.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-2000);
  });
  const lastWords = () => {
    const line = said.trim().split("\n").at(-1) ?? "";
    return line.replace(/^modly-runs-server: /, "") || "it said nothing.";
  };
  const late = setTimeout(() => server.kill("SIGKILL"), START);
  try {
    const url = await urlSaidBy(server);
    if (url === undefined)
      return fail("unreachable", `Our own server did not start: ${lastWords()}`);
    // Nothing waits for its output any more, and a full pipe would stop it.
    server.stdout.resume();
    const gone = new AbortController();
    server.once("exit", (code, signal) =>
      gone.abort(`Our own server ended (${signal ?? code}): ${lastWords()}`),
    );
    return succeed({
      url,
      keepsRuns: true,
      gone: gone.signal,
      stop: () => stop(server, leave),
    });
  } catch (cause) {
    return fail("unreachable", `Our own server can't be started: ${String(cause)}.`, { cause });
  } finally {
    clearTimeout(late);
  }
}

async function urlSaidBy(server: ChildProcess): Promise<string | undefined> {
  const failed = once(server, "error").then(([cause]) => {
    throw cause;
  });
  const found = (async () => {
    for await (const line of createInterface({ input: server.stdout! })) {
      const url = /http:\/\/\S+/.exec(line)?.[0];
      if (url) return url;
    }
    return undefined;
  })();
  failed.catch(() => undefined);
  return Promise.race([found, failed]);
}

async function stop(server: ChildProcess, leave: () => void): Promise<void> {
  process.off("exit", leave);
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = once(server, "exit");
  server.kill("SIGTERM");
  const force = setTimeout(() => server.kill("SIGKILL"), STOP);
  await gone;
  clearTimeout(force);
}
