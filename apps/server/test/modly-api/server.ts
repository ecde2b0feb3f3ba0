import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import readline from "node:readline";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** Starts our server from source as a process; after a kill, `start` gives it the same port and data again. */
export async function startServer(settings: Readonly<Record<string, string>>) {
  const flags = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
  let child: ChildProcess | null = null;
  let url = "";

  async function start(): Promise<void> {
    const port = url === "" ? "0" : new URL(url).port;
    const started = spawn(
      process.execPath,
      [
        "--import",
        "tsx",
        "--conditions=@modly-runs/source",
        MAIN,
        "--log-level=silent",
        `--port=${port}`,
        ...flags,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    child = started;
    for await (const line of readline.createInterface({ input: started.stdout })) {
      const [found] = /http:\/\/\S+?:\d+/.exec(line) ?? [];
      if (found === undefined) continue;
      url = found;
      started.stdout.resume();
      return;
    }
    throw new Error("the server did not start");
  }

  async function end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    if (!child || child.exitCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
    child = null;
  }

  await start();
  return {
    url,
    start,
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
  };
}

export type Server = Awaited<ReturnType<typeof startServer>>;
