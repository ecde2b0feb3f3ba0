import { isEnded } from "@modly-runs/contract";

import type { AbortReason, GenerateResult, Generator } from "../generators/generator.ts";
import type { Log } from "../log.ts";
import type { RunRow } from "../stores/run-store.ts";
import { coalesce } from "./coalesce.ts";
import { createProgress } from "./progress.ts";
import { type Runs, WAITING_TO_RESUME } from "./runs.ts";

/** How often progress is stored at most, ms. */
const PROGRESS_EVERY_MS = 250;

/** How long an aborted generator may hold its slot, ms, unless its slot says otherwise. */
const GRACE_MS = 10_000;

export interface Watchdogs {
  /** A run that reports nothing new for so long is ended, ms. */
  readonly stallMs: number;
  /** A run that takes so long in all is ended, ms. */
  readonly totalMs: number;
}

export type AttemptEnd =
  | { readonly kind: "result"; readonly result: GenerateResult }
  | { readonly kind: "fault"; readonly cause: unknown }
  | { readonly kind: "aborted"; readonly reason: AbortReason; readonly sentence: string };

/** How a generator let go: `rejected` after an abort, or `late`, work of its may go on elsewhere. */
export type LetGo = "settled" | "rejected" | "late";

export interface AttemptDeps {
  readonly runs: Runs;
  readonly watchdogs: Watchdogs;
  readonly imagePath: string;
  readonly workDir: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly log: Log;
}

/** One attempt of a generator on a run, which can be aborted from outside. */
export interface Attempt {
  abort(reason: AbortReason): void;
  /** How it ended; settles at once when it is aborted. */
  readonly ended: Promise<AttemptEnd>;
  /** Settles when the generator has let go too, or its grace is over. */
  readonly letGo: Promise<LetGo>;
  /** The row as last stored. */
  row(): RunRow;
}

const seconds = (ms: number) => `${Math.round(ms / 1000)} s`;

/** Runs a generator on a run that has begun: stores its progress, watches the clock. */
export function startAttempt(generator: Generator, begun: RunRow, deps: AttemptDeps): Attempt {
  const { runs, watchdogs, imagePath, workDir, params, log } = deps;
  const controller = new AbortController();
  let row = begun;
  let over = false;

  const progress = createProgress({
    progress: row.progress,
    step: row.step ?? "",
    holdStep: row.step === WAITING_TO_RESUME,
  });

  // One writer: changes of this run are stored one after the other, each on the row before it.
  let writing: Promise<unknown> = Promise.resolve();
  function note(change: Parameters<Runs["note"]>[1]): Promise<void> {
    const stored = writing.then(async () => {
      const changed = await runs.note(row, change);
      if (changed) row = changed;
      else abort("cancel"); // somebody else has ended it
    });
    writing = stored.catch(() => undefined);
    return stored;
  }
  /** Also after a cancel: what goes on elsewhere must still be found, to be ended. */
  async function remember(handle: string): Promise<void> {
    await note({ handle });
    if (row.handle === handle) return;
    const ended = await runs.get(row.runId);
    if (ended && isEnded(ended.status)) await runs.note(ended, { handle });
  }
  async function storeProgress(): Promise<void> {
    const now = progress.current();
    if (now.progress === row.progress && now.step === row.step) return;
    // A store that takes nothing now may take the next report; the work itself goes on.
    await note(now).catch((cause: unknown) =>
      log.warn({ run_id: row.runId, err: cause }, "progress was not stored"),
    );
  }
  const storing = coalesce(PROGRESS_EVERY_MS, async () => {
    if (!over) await storeProgress();
  });

  let tellAborted: (end: AttemptEnd) => void;
  const aborted = new Promise<AttemptEnd>((resolve) => (tellAborted = resolve));
  function abort(reason: AbortReason, sentence = ""): void {
    if (over) return;
    over = true;
    tellAborted({ kind: "aborted", reason, sentence });
    controller.abort(reason);
  }

  const stalled = () =>
    abort(
      "watchdog",
      `The generator reported nothing for ${seconds(watchdogs.stallMs)} and was stopped.`,
    );
  let stall = setTimeout(stalled, watchdogs.stallMs);
  const total = setTimeout(
    () =>
      abort("watchdog", `The run took longer than ${seconds(watchdogs.totalMs)} and was stopped.`),
    watchdogs.totalMs,
  );

  const generating = (async (): Promise<AttemptEnd> => {
    try {
      const result = await generator.generate(
        {
          runId: row.runId,
          imagePath,
          params,
          collection: row.collection,
          workDir,
          remembered: row.handle,
        },
        {
          signal: controller.signal,
          onProgress(percent, step) {
            if (over || !progress.report(percent, step)) return;
            clearTimeout(stall);
            stall = setTimeout(stalled, watchdogs.stallMs);
            storing.request();
          },
          remember,
        },
      );
      return { kind: "result", result };
    } catch (cause) {
      return { kind: "fault", cause };
    }
  })();

  const ended = Promise.race([generating, aborted]).then(async (end) => {
    over = true;
    clearTimeout(stall);
    clearTimeout(total);
    await storing.stop();
    await writing;
    // Where it failed is told by its last report; a mesh needs no such word, and a cancelled run has ended.
    if (end.kind === "result" && !end.result.ok) await storeProgress();
    return end;
  });

  const letGo = ended.then(async (end): Promise<LetGo> => {
    if (end.kind !== "aborted") return "settled";
    let grace: NodeJS.Timeout | undefined;
    const late = new Promise<LetGo>((resolve) => {
      const ms = generator.slot.graceMs ?? GRACE_MS;
      if (Number.isFinite(ms)) grace = setTimeout(() => resolve("late"), ms);
    });
    const settled = generating.then(({ kind }) => (kind === "result" ? "settled" : "rejected"));
    const how = await Promise.race([settled, late]);
    clearTimeout(grace);
    return how;
  });

  return { abort, ended, letGo, row: () => row };
}
