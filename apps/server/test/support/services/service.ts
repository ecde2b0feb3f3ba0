import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

/** A program that serves on this machine until it is stopped. */
export interface Service {
  readonly url: string;
  /** Kills it without warning, and starts it again on the same port. */
  restart(): Promise<void>;
  /** Ends it and removes what it kept. */
  stop(): Promise<void>;
}

/** A bound against hangs, ms. */
const START_MS = 60_000;

const alive = new Set<ChildProcess>();
process.on("exit", () => alive.forEach((child) => child.kill("SIGKILL")));

export interface Program {
  readonly file: string;
  readonly args: readonly string[];
  readonly options?: Pick<SpawnOptions, "uid" | "gid" | "cwd" | "env">;
  /** What it says once it serves. */
  readonly ready: RegExp;
}

/** Starts a program and waits until it says that it serves; throws with what it said when it ends instead. */
export async function startProgram({ file, args, options, ready }: Program): Promise<ChildProcess> {
  const child = spawn(file, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  alive.add(child);
  child.once("exit", () => alive.delete(child));
  let said = "";
  const failed = (why: string, cause?: unknown) =>
    new Error(`${file} ${why}: ${said.slice(-2000)}`, { cause });
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => {
      child.kill("SIGKILL");
      reject(failed("does not get ready"));
    }, START_MS);
    const settle = (then: () => void) => {
      clearTimeout(late);
      then();
    };
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => {
        said = (said + text).slice(-10_000);
        if (ready.test(said)) settle(resolve);
      });
    child.once("error", (cause) => settle(() => reject(failed("can't be started", cause))));
    child.once("exit", () => settle(() => reject(failed("ended"))));
  });
  return child;
}

/** Ends a program, and resolves when it is gone. */
export async function endProgram(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill(signal);
  // What is stopped hears of nothing but this.
  const late = setTimeout(() => child.kill("SIGKILL"), START_MS);
  await gone;
  clearTimeout(late);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

const TRIES = 5;

/** Starts something on a free port; on another one where somebody took it meanwhile. */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++)
    try {
      return await start(await freePort());
    } catch (cause) {
      if (tried === TRIES) throw cause;
    }
}
