import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../../server/src/main.ts", import.meta.url));

/** A server as a process of its own, that can be killed and started again on the same data and port. */
export interface Server {
  readonly url: string;
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** Kills it and removes its data. */
  remove(): Promise<void>;
}

/** Starts the server with flags, and waits until it listens. */
export async function startServer(flags: readonly string[] = []): Promise<Server> {
  const data = await mkdtemp(path.join(tmpdir(), "modly-runs-web-"));
  let child: ChildProcess;
  const start = async (port: string) => {
    child = spawn(
      process.execPath,
      [
        ...["--import", "tsx", "--conditions=@modly-runs/source", MAIN, "--log-level=silent"],
        ...[`--data-dir=${data}`, `--port=${port}`, ...flags],
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    for await (const line of createInterface({ input: child.stdout! })) {
      const url = /http:\/\/\S+:\d+/.exec(line)?.[0];
      if (url) return url;
    }
    throw new Error("the server did not start");
  };
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  };
  process.on("exit", () => child.kill("SIGKILL"));
  const url = await start("0");
  return {
    url,
    kill,
    restart: async () => void (await start(new URL(url).port)),
    async remove() {
      await kill();
      await rm(data, { recursive: true, force: true });
    },
  };
}
