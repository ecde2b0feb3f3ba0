import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";

import { StoreUnusable } from "./layout.ts";
import { openWriter, type Write } from "./writer.ts";

/** What the serving thread sends, and what it gets back. */
export type ToWriter =
  | { readonly id: number; readonly write: Write }
  | { readonly id: number; readonly ask: "close" };
export type FromWriter =
  | { readonly kind: "ready" }
  | { readonly kind: "unusable"; readonly why: string; readonly code: string | undefined }
  | { readonly kind: "result"; readonly id: number; readonly result: unknown }
  | {
      readonly kind: "failed";
      readonly id: number;
      readonly why: string;
      readonly code: string | undefined;
    };

const port = parentPort!;
const tell = (message: FromWriter) => port.postMessage(message);
const codeOf = (cause: unknown) => (cause as { code?: string }).code;
const whyOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));

function open() {
  try {
    return openWriter(workerData as string);
  } catch (cause) {
    tell({
      kind: "unusable",
      why: whyOf(cause),
      code: cause instanceof StoreUnusable ? undefined : codeOf(cause),
    });
    return undefined;
  }
}

type Waiting = Extract<ToWriter, { write: Write }>;

function serve(writer: NonNullable<ReturnType<typeof open>>): void {
  function perform(waiting: readonly Waiting[]): void {
    try {
      const results = writer.apply(waiting.map(({ write }) => write));
      for (const [at, { id }] of waiting.entries())
        tell({ kind: "result", id, result: results[at] });
    } catch (cause) {
      const code = codeOf(cause);
      const isTheirs = waiting.length > 1 && !String(code).startsWith("SQLITE_BUSY");
      // One of them may be at fault: each gets its own try.
      if (isTheirs) for (const each of waiting) perform([each]);
      else for (const { id } of waiting) tell({ kind: "failed", id, why: whyOf(cause), code });
    }
  }

  port.on("message", (first: ToWriter) => {
    // What has come meanwhile shares one transaction: a wait for the disk costs the same for many.
    const writes: Waiting[] = [];
    let next: ToWriter | undefined = first;
    let closing: number | undefined;
    while (next) {
      if ("write" in next) writes.push(next);
      else closing = next.id;
      next = receiveMessageOnPort(port)?.message;
    }
    if (writes.length > 0) perform(writes);
    if (closing === undefined) return;
    writer.close();
    tell({ kind: "result", id: closing, result: undefined });
    port.close();
  });
  tell({ kind: "ready" });
}

const writer = open();
if (writer) serve(writer);
