import { fork, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { extname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Job, Made, Tell } from "./make.ts";
import type { FromChild, ToChild } from "./messages.ts";

/** Child processes that are kept warm. */
export interface Pool {
  /** Starts a child if none is waiting, so that the next run finds one. */
  warm(): void;
  /** Runs a job in a child of its own. Rejects if the job's code throws; an aborted or dead child is a result. */
  run(job: Job, signal: AbortSignal, tell: Tell): Promise<Made>;
  /** Kills every child and waits until all are gone. */
  close(): Promise<void>;
}

interface Child {
  readonly process: ChildProcess;
  readonly ready: Promise<void>;
  readonly gone: Promise<void>;
}

const DIED =
  "The process that made the mesh ended unexpectedly, perhaps for lack of memory. Try again, or a smaller picture.";

/**
 * At most `workers` + 1 children wait for work: one for each place and a spare, so that a run that follows a cancel
 * does not wait for a process to start.
 */
export function createPool(workers: number): Pool {
  const all = new Set<Child>();
  let idle: Child[] = [];
  let closed = false;

  function start(): Child {
    const child = forkChild();
    all.add(child);
    child.process.once("exit", () => {
      all.delete(child);
      idle = idle.filter((other) => other !== child);
    });
    return child;
  }

  function warm(): void {
    if (!closed && idle.length === 0 && all.size <= workers) idle.unshift(start());
  }

  /** Undefined if the child died. */
  async function runIn(
    child: Child,
    job: Job,
    signal: AbortSignal,
    tell: Tell,
  ): Promise<Made | undefined> {
    warm();
    const kill = (): void => void child.process.kill("SIGKILL");
    signal.addEventListener("abort", kill, { once: true });
    try {
      const made = await converse(child, job, tell);
      if (made !== undefined && !closed && !signal.aborted) idle.push(child);
      return made;
    } catch (fault) {
      // The code threw, the process is sound; but nobody knows what it left behind.
      kill();
      throw fault;
    } finally {
      signal.removeEventListener("abort", kill);
    }
  }

  return {
    warm,
    async run(job, signal, tell) {
      let begun = false;
      const hear: Tell = (percent, step) => {
        begun = true;
        tell(percent, step);
      };
      const stopped = (): boolean => closed || signal.aborted;
      while (!stopped()) {
        // The one that worked last: its code is compiled.
        const waiting = idle.pop();
        const made = await runIn(waiting ?? start(), job, signal, hear);
        if (made !== undefined) return made;
        // One that died while it waited has cost nobody anything yet.
        if (!stopped() && (begun || waiting === undefined)) return { ok: false, error: DIED };
      }
      return { ok: false, error: "The run was stopped." };
    },
    async close() {
      closed = true;
      const gone = [...all].map((child) => child.gone);
      for (const child of all) child.process.kill("SIGKILL");
      await Promise.all(gone);
    },
  };
}

/** Hands the job over and listens until it is made; undefined if the child dies on the way. */
async function converse(
  { process: child, ready, gone }: Child,
  job: Job,
  tell: Tell,
): Promise<Made | undefined> {
  await Promise.race([ready, gone]);
  return new Promise((resolve, reject) => {
    const listen = (message: FromChild): void => {
      if (message.type === "progress") return tell(message.percent, message.step);
      child.off("message", listen);
      if (message.type === "made") resolve(message.made);
      if (message.type === "fault")
        reject(new Error(`A built-in generator failed: ${message.message}`));
    };
    child.on("message", listen);
    void gone.then(() => resolve(undefined));
    const order: ToChild = { type: "job", job };
    // If the channel is closed the child is going, and `gone` answers.
    if (child.connected) child.send(order, () => {});
  });
}

function forkChild(): Child {
  const self = fileURLToPath(import.meta.url);
  const extension = extname(self);
  const child = fork(new URL(`./child${extension}`, import.meta.url), [], {
    execArgv: extension === ".ts" ? fromSource() : [],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const ready = new Promise<void>((resolve) => child.once("message", () => resolve()));
  const gone = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    // A child that could not even be started never exits.
    child.once("error", () => child.pid === undefined && resolve());
  });
  return { process: child, ready, gone };
}

/** Node's flags for a child that runs TypeScript: the working directory must not decide where tsx is found. */
function fromSource(): string[] {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  return ["--import", tsx, "--conditions=@modly-runs/source"];
}
