import { readFile } from "node:fs/promises";

import type { GenerateContext, GenerateInput, GenerateResult } from "../generator.ts";
import type { ExtensionModel } from "./discover.ts";
import type { PythonFault } from "./messages.ts";
import type { Asked, Reply } from "./python.ts";
import type { Seat } from "./seats.ts";
import * as sentences from "./sentences.ts";
import type { Times } from "./times.ts";

/** What came of a run in its process, and whether the process may go on. */
export interface Ran {
  readonly result: GenerateResult;
  readonly keep: boolean;
  /** It ended by itself. */
  readonly crashed?: boolean;
  /** The process had died before it took the run up. */
  readonly again?: boolean;
  /** For the log: all that Python said. */
  readonly fault?: PythonFault;
}

export interface Running {
  readonly seat: Seat;
  readonly input: GenerateInput;
  readonly context: GenerateContext;
  readonly times: Times;
  /** Weights that are missing may be fetched by the extension. */
  readonly download: boolean;
}

const failure = (error: string, rest: Partial<Ran> = {}): Ran => ({
  result: { ok: false, error },
  keep: false,
  ...rest,
});
const STOPPED = failure("The run was stopped.");

async function died({ python, model }: Seat): Promise<Ran> {
  return failure(sentences.crashed(model, await python.gone), { crashed: true });
}

/** Resolves when the signal fires. */
function fired(signal: AbortSignal): Promise<"aborted"> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve("aborted"), { once: true });
    if (signal.aborted) resolve("aborted");
  });
}

/** Says that a model still loads, so that nobody takes it for dead. */
function heartbeat({ times, context }: Running, model: ExtensionModel): () => void {
  const began = performance.now();
  const tell = () => {
    const seconds = Math.round((performance.now() - began) / 1000);
    context.onProgress(0, `Loading ${model.name}${seconds > 0 ? ` (${seconds} s)` : ""}`);
  };
  tell();
  const beat = setInterval(tell, times.heartbeat);
  return () => clearInterval(beat);
}

/** Brings the model into memory; undefined when it is there. */
export async function load(
  seat: Seat,
  { times, download }: Pick<Running, "times" | "download">,
): Promise<Ran | undefined> {
  const { python, model } = seat;
  if (seat.loaded) return undefined;
  const late = new Promise<{ type: "late" }>((resolve) => {
    const timer = setTimeout(() => resolve({ type: "late" }), times.ready);
    const enough = () => clearTimeout(timer);
    python.ready.then(enough, enough);
  });
  const ready = await Promise.race([python.ready, late]);
  if (ready.type === "ended") return died(seat);
  if (ready.type === "late") return failure(sentences.tooSlow(model, "start", times.ready));
  if (ready.type === "error") return failure(sentences.cantStart(model, ready), { fault: ready });

  const reply = await python.ask({ action: "load", download }, times.load).reply;
  if (reply.type === "loaded") {
    seat.loaded = true;
    return undefined;
  }
  if (reply.type === "missing") return failure(sentences.missingWeights(model), { keep: true });
  if (reply.type === "late") return failure(sentences.tooSlow(model, "load", times.load));
  if (reply.type === "error")
    return failure(sentences.failed("load", model, reply), { fault: reply });
  return died(seat);
}

/** A generator that listens is kept; one that does not is ended with its process. */
async function cancelled(asked: Asked, { times }: Running): Promise<Ran> {
  asked.cancel();
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), times.cancelGrace);
  });
  const reply = await Promise.race([asked.reply, patience]);
  clearTimeout(timer);
  const listens = reply !== undefined && reply.type !== "ended" && reply.type !== "late";
  return { ...STOPPED, keep: listens };
}

async function judge(reply: Reply, asked: Asked, { seat, times }: Running): Promise<Ran> {
  const { model } = seat;
  switch (reply.type) {
    case "done":
      return { result: { ok: true, file: reply.output_path }, keep: true };
    case "error": {
      const error = sentences.failed("generate", model, reply);
      // What ran out of memory does not get all of it back.
      return failure(error, { fault: reply, keep: !/ran out of memory/.test(error) });
    }
    case "cancelled":
      return failure(`${model.id} stopped as if it had been cancelled, though nobody asked.`, {
        keep: true,
      });
    case "ended":
      return { ...(await died(seat)), again: !asked.begun() };
    default:
      return failure(sentences.tooSlow(model, "answer", times.load));
  }
}

/** Has the seat's process make the mesh; settles when nothing of the run goes on in it. */
export async function runIn(running: Running): Promise<Ran> {
  const { seat, input, context } = running;
  const { signal } = context;
  const aborted = fired(signal);
  const calm = seat.loaded ? () => {} : heartbeat(running, seat.model);
  // Nothing can interrupt a load, so its process is not kept.
  const hindrance = await Promise.race([load(seat, running), aborted]).finally(calm);
  if (hindrance === "aborted") return STOPPED;
  if (hindrance) return hindrance;

  context.onProgress(0, "Generating");
  const image = await readFile(input.imagePath);
  if (signal.aborted) return { ...STOPPED, keep: true };
  const asked = seat.python.ask(
    {
      action: "generate",
      image_b64: image.toString("base64"),
      params: input.params,
      outputs_dir: input.workDir,
    },
    Number.POSITIVE_INFINITY,
    ({ pct, step }) => context.onProgress(pct ?? Number.NaN, step),
  );
  const reply = await Promise.race([asked.reply, aborted]);
  return reply === "aborted" ? cancelled(asked, running) : judge(reply, asked, running);
}
