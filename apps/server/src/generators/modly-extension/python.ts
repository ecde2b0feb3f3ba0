import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import type { Writable } from "node:stream";
import { fileURLToPath } from "node:url";

import type { Log } from "../../log.ts";
import { createLines } from "./lines.ts";
import { Message, type Order } from "./messages.ts";
import { printTo } from "./print.ts";
import type { Times } from "./times.ts";

/** Shipped beside the sources and the build alike. */
const HOME = fileURLToPath(new URL("../../../python/", import.meta.url));
const WINDOWS = process.platform === "win32";

/** An answer is at most this long; the path of a mesh and a traceback fit in easily. */
const LONGEST_ANSWER = 1024 ** 2;

type Progress = Extract<Message, { type: "progress" }>;
type Answer = Extract<
  Message,
  { type: "loaded" | "missing" | "done" | "cancelled" | "unloaded" | "error" }
>;

/** What came of an order: its answer, or the process ended, or the time was up. */
export type Reply = Answer | { readonly type: "ended" } | { readonly type: "late" };

export interface Asked {
  readonly reply: Promise<Reply>;
  /** Tells the generator that its work is not wanted any more. */
  cancel(): void;
  /** True once the process has taken the order up. */
  begun(): boolean;
}

/** A Python process that runs one model. */
export interface Python {
  readonly pid: number | undefined;
  /** `ready`, why it is not, or that it ended. */
  readonly ready: Promise<Extract<Message, { type: "ready" | "error" }> | { type: "ended" }>;
  /** Settles when the process is gone, with the signal or the code that it ended by. */
  readonly gone: Promise<string>;
  isGone(): boolean;
  ask(order: Order, within: number, onProgress?: (progress: Progress) => void): Asked;
  /** Lets it unload and end by itself, then makes it. Settles when it is gone. */
  retire(): Promise<void>;
  /** SIGTERM to the whole group, SIGKILL after a grace. Settles when it is gone. */
  end(): Promise<void>;
}

export interface PythonStart {
  readonly python: string;
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly log: Log;
  readonly fields: object;
  readonly times: Times;
}

function wait(ms: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  return Promise.race([promise.then(() => true), late]).finally(() => clearTimeout(timer));
}

/** Signals the process and all it started; only while it is ours for certain. */
function signalGroup(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  if (WINDOWS) {
    spawn("taskkill", ["/pid", String(child.pid), "/T", "/F"], { stdio: "ignore" });
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Its group is not made yet, or is gone: then only the child itself may be left.
    child.kill(signal);
  }
}

/** An extension needs what its shell needs, but not the server's own settings, with its tokens. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.toUpperCase().startsWith("MODLY_RUNS_")),
  );
}

/** Starts the runner in a process group of its own. */
export function startPython({ python, env, folder, log, fields, times }: PythonStart): Python {
  // The fourth descriptor is the lifeline: when this process is gone, the runner's guard ends the group.
  const child = spawn(python, ["-u", `${HOME}runner.py`, ...(WINDOWS ? [] : ["3"])], {
    cwd: folder,
    env: { ...environment(), PYTHONUTF8: "1", ...env, MODLY_API_DIR: HOME },
    stdio: ["pipe", "pipe", "pipe", "pipe"],
    detached: !WINDOWS,
    windowsHide: true,
  });
  const { stdin: orders, stdout: answers, stderr: prints } = child;
  const lifeline = child.stdio[3] as Writable;
  for (const stream of [orders, answers, prints, lifeline]) stream.on("error", () => {});

  const waiting = new Map<string, (message: Message | { type: "ended" }) => void>();
  let over = false;
  let tellReady: (how: Awaited<Python["ready"]>) => void;
  const ready = new Promise<Awaited<Python["ready"]>>((resolve) => (tellReady = resolve));

  const gone = new Promise<string>((resolve) => {
    const leave = (how: string) => {
      if (over) return;
      over = true;
      // Whatever it has left in its group goes with it.
      lifeline.destroy();
      orders.destroy();
      tellReady({ type: "ended" });
      for (const tell of waiting.values()) tell({ type: "ended" });
      resolve(how);
    };
    child.once("exit", (code, signal) => {
      // What it said last is still in the pipe.
      const how = signal ?? `code ${code}`;
      const said = new Promise((done) =>
        answers.closed ? done(null) : answers.once("close", done),
      );
      const tell = () => leave(how);
      wait(times.termGrace, said).then(tell, tell);
    });
    child.once("error", (cause) => {
      if (child.pid === undefined) leave(`it could not be started (${cause.message})`);
    });
  });

  answers.on(
    "data",
    createLines(LONGEST_ANSWER, (line) => {
      const { data } = Message.safeParse(parsed(line));
      if (!data) {
        log.error({ ...fields, line: line.slice(0, 200) }, "the runner said what makes no sense");
        signalGroup(child, "SIGKILL");
      } else if (data.type === "ready" || (data.type === "error" && data.id === null)) {
        tellReady(data);
      } else if (data.id !== null) {
        waiting.get(data.id)?.(data);
      }
    }),
  );
  prints.on("data", printTo(log, fields));

  function send(message: object): void {
    if (!over) orders.write(`${JSON.stringify(message)}\n`);
  }

  async function end(): Promise<void> {
    signalGroup(child, "SIGTERM");
    if (await wait(times.termGrace, gone)) return;
    signalGroup(child, "SIGKILL");
    if (await wait(times.gone, gone)) return;
    log.error({ ...fields, pid: child.pid }, "a Python process can't be killed; it is left alone");
  }

  return {
    pid: child.pid,
    ready,
    gone,
    isGone: () => over || child.exitCode !== null || child.signalCode !== null,
    ask(order, within, onProgress) {
      const id = randomUUID();
      let begun = false;
      const reply = new Promise<Reply>((resolve) => {
        const settle = (how: Reply) => {
          clearTimeout(late);
          waiting.delete(id);
          resolve(how);
        };
        const late = Number.isFinite(within)
          ? setTimeout(() => settle({ type: "late" }), within)
          : undefined;
        if (over) return settle({ type: "ended" });
        waiting.set(id, (message) => {
          if (message.type === "begun") begun = true;
          else if (message.type === "progress") onProgress?.(message);
          else if (message.type !== "ready") settle(message);
        });
      });
      send({ ...order, id });
      return { reply, begun: () => begun, cancel: () => send({ action: "cancel", id }) };
    },
    async retire() {
      send({ action: "shutdown" });
      if (!(await wait(times.unload, gone))) await end();
    },
    end,
  };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
