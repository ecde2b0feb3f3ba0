import { createRequire } from "node:module";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

import { StoreUnusable } from "./layout.ts";
import type { Write } from "./writer.ts";
import type { FromWriter, ToWriter } from "./writer-thread.ts";

/** A change that could not be made: `code` is SQLite's, STORE_LOST or STORE_ENDED. */
class WriteFailed extends Error {
  override name = "WriteFailed";
  readonly code: string | undefined;
  constructor(message: string, code: string | undefined) {
    super(message);
    this.code = code;
  }
}

/** How long a change waits for another program to let go of the file, ms. */
const BUSY_PATIENCE_MS = 5000;
/** How often it looks meanwhile, ms. */
const BUSY_EVERY_MS = 20;

/** The writer, on a thread of its own. */
export interface WriterClient {
  write(write: Write): Promise<unknown>;
  /** Resolves with the cause when the thread has ended and nobody asked it to; never otherwise. */
  readonly lost: Promise<Error>;
  close(): Promise<void>;
}

/** From source the thread needs tsx, whose hooks for modules do not reach into threads; those for CommonJS do. */
function startThread(file: string): Worker {
  const self = fileURLToPath(import.meta.url);
  const extension = path.extname(self);
  const entry = path.join(path.dirname(self), `writer-thread${extension}`);
  if (extension !== ".ts") return new Worker(entry, { workerData: file, execArgv: [] });
  const tsx = createRequire(import.meta.url).resolve("tsx/cjs/api");
  const program = `require(${JSON.stringify(tsx)}).register(); require(${JSON.stringify(entry)});`;
  return new Worker(program, { eval: true, workerData: file, execArgv: [] });
}

/** @throws StoreUnusable with what the thread found wrong with the file */
export async function startWriter(file: string): Promise<WriterClient> {
  const thread = startThread(file);
  const gone = new Promise<void>((resolve) => thread.once("exit", () => resolve()));
  const waiting = new Map<number, PromiseWithResolvers>();
  let last = 0;
  let isOver = false;
  let isAsked = false;
  let tellLost: (cause: Error) => void;
  const lost = new Promise<Error>((resolve) => (tellLost = resolve));

  await new Promise<void>((resolve, reject) => {
    thread.once("error", reject);
    thread.once("message", (message: FromWriter) => {
      if (message.kind === "unusable")
        reject(Object.assign(new StoreUnusable(message.why), { code: message.code }));
      else resolve();
    });
  });

  function settle(message: FromWriter): void {
    if (message.kind !== "result" && message.kind !== "failed") return;
    const asked = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.kind === "result") asked?.resolve(message.result);
    else asked?.reject(new WriteFailed(message.why, message.code));
  }
  function lose(cause: Error): void {
    isOver = true;
    // What was under way may have been stored or not: only a read of the file can say.
    const ended = new WriteFailed(cause.message, "STORE_ENDED");
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
    if (!isAsked) tellLost(cause);
  }
  thread.on("message", settle);
  thread.on("error", lose);
  thread.on("exit", () => lose(new Error("the thread that writes the store has ended")));

  type Order = ToWriter extends infer Each
    ? Each extends unknown
      ? Omit<Each, "id">
      : never
    : never;
  function send(order: Order): Promise<unknown> {
    if (isOver) return Promise.reject(new WriteFailed("the store is closed", "STORE_ENDED"));
    return new Promise((resolve, reject) => {
      const id = ++last;
      waiting.set(id, { resolve, reject });
      thread.postMessage({ id, ...order });
    });
  }

  return {
    lost,
    async write(write) {
      const began = performance.now();
      for (;;) {
        try {
          return await send({ write });
        } catch (cause) {
          const isBusy = String((cause as WriteFailed).code).startsWith("SQLITE_BUSY");
          if (!isBusy || performance.now() - began > BUSY_PATIENCE_MS) throw cause;
          await wait(BUSY_EVERY_MS);
        }
      }
    },
    async close() {
      isAsked = true;
      if (!isOver) await send({ ask: "close" });
      await gone;
    },
  };
}

interface PromiseWithResolvers {
  resolve(value: unknown): void;
  reject(cause: Error): void;
}
