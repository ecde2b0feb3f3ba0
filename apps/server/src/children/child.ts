import { type ChildProcess, fork } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { childEnvironment } from "./environment.ts";
import { OUT_OF_MEMORY } from "./memory.ts";
import type { FromChild, Talk, ToChild } from "./messages.ts";

/** What a child runs, and what it may take. */
export interface ChildProgram {
  /** The module without its extension: it calls `serveOrders`. */
  readonly module: URL;
  /** Resident memory of the process, bytes. */
  readonly memoryBytes: number;
}

/** Why a child is no more. `words` is the end of what it wrote to stderr, for the log. */
export interface Death {
  readonly of: "memory" | "unknown";
  readonly words: string;
}

/** A process that takes one order at a time. */
export interface Child<T extends Talk> {
  /** What it made, or how it died meanwhile. Rejects if its code throws: a bug. */
  work(
    order: T["order"],
    hear: (news: T["news"]) => void,
  ): Promise<{ made: T["made"] } | { died: Death }>;
  kill(): void;
  readonly gone: Promise<Death>;
}

const WORDS = 2000;

/** Node's flags for a child that runs TypeScript: the working directory must not decide where tsx is found. */
function fromSource(): string[] {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  return ["--import", tsx, "--conditions=@modly-runs/source"];
}

function forkProgram({ module, memoryBytes }: ChildProgram): ChildProcess {
  const extension = path.extname(fileURLToPath(import.meta.url));
  return fork(`${fileURLToPath(module)}${extension}`, [String(memoryBytes)], {
    execArgv: extension === ".ts" ? fromSource() : [],
    env: childEnvironment(),
    // Never our own stderr: a reader of the log that stalls would stall the child with it.
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    serialization: "advanced",
  });
}

/** Starts a child with a scrubbed environment and a bound on its memory. */
export function startChild<T extends Talk>(program: ChildProgram): Child<T> {
  const child = forkProgram(program);
  let words = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    words = (words + text).slice(-WORDS);
  });
  const ready = new Promise<void>((resolve) => child.once("message", () => resolve()));
  const gone = new Promise<Death>((resolve) => {
    child.once("exit", (_code, signal) =>
      resolve({ of: signal === OUT_OF_MEMORY ? "memory" : "unknown", words }),
    );
    child.on("error", (cause) => {
      // A child that could not even be started never exits.
      if (child.pid === undefined) resolve({ of: "unknown", words: cause.message });
    });
  });

  return {
    gone,
    kill: () => void child.kill("SIGKILL"),
    async work(order, hear) {
      await Promise.race([ready, gone]);
      return new Promise((resolve, reject) => {
        const listen = (message: FromChild<T>): void => {
          if (message.type === "news") return hear(message.news);
          child.off("message", listen);
          if (message.type === "made") resolve({ made: message.made });
          if (message.type === "fault") reject(new Error(`A child failed: ${message.message}`));
        };
        child.on("message", listen);
        gone.then((died) => resolve({ died }), reject);
        const message: ToChild<T> = { type: "order", order };
        // If the channel is closed the child is going, and `gone` answers.
        if (child.connected) child.send(message, () => {});
      });
    },
  };
}
