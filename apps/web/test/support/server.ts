import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

// As it is installed: built, and with the page in its package.
const MAIN = fileURLToPath(new URL("../../../server/dist/main.js", import.meta.url));

/** A server as a process of its own, that can be killed and started again on the same data and port. */
export interface Server {
  readonly url: string;
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** Kills it and removes its data. */
  remove(): Promise<void>;
}

/** A program that says at which address it listens. Goes with the tests, at the latest. */
export async function listening(
  command: string,
  flags: readonly string[],
): Promise<{ url: string; child: ChildProcess }> {
  const child = spawn(command, flags, { stdio: ["ignore", "pipe", "inherit"] });
  process.on("exit", () => child.kill("SIGKILL"));
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /http:\/\/\S+:\d+/.exec(line)?.[0];
    if (url) return { url, child };
  }
  throw new Error(`${command} ${flags.join(" ")} did not start. Was it built? pnpm build`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

/** Starts the server with flags, and waits until it listens. */
export async function startServer(flags: readonly string[] = []): Promise<Server> {
  const data = await mkdtemp(path.join(tmpdir(), "modly-runs-web-"));
  const start = (port: string) =>
    listening(process.execPath, [
      ...[MAIN, "--log-level=silent", `--data-dir=${data}`, `--port=${port}`, ...flags],
    ]);
  let { url, child } = await start("0");
  return {
    url,
    kill: () => end(child),
    restart: async () => void ({ child } = await start(new URL(url).port)),
    async remove() {
      await end(child);
      await rm(data, { recursive: true, force: true });
    },
  };
}
