import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import { isEnded } from "@modly-runs/contract";

import { FilesAway } from "../files/away.ts";
import { faultOfMesh } from "../files/mesh-check.ts";
import type { Content, RunFiles } from "../files/run-files.ts";
import type { GenerateResult, Generator } from "../generators/generator.ts";
import type { Registry } from "../generators/registry.ts";
import type { Log } from "../log.ts";
import { isOutOfRoom, mayPass } from "../out-of-room.ts";
import type { RunQueue } from "../queues/run-queue.ts";
import type { RunRow, RunStore } from "../stores/run-store.ts";
import { type Attempt, startAttempt, type Watchdogs } from "./attempt.ts";
import type { HandleEnd, Leftovers } from "./leftovers.ts";
import { type Runs, WAITING_TO_RESUME } from "./runs.ts";
import { modelIsGone, sentenceOf } from "./sentence.ts";

export interface WorkerDeps {
  readonly runs: Runs;
  readonly queue: RunQueue;
  readonly registry: Registry;
  readonly files: RunFiles;
  readonly leftovers: Leftovers;
  readonly store: Pick<RunStore, "list" | "isShared">;
  /** Names this process, as the owner of what it works on. */
  readonly self: string;
  readonly watchdogs: Watchdogs;
  readonly log: Log;
}

/** Takes runs from the queue, has a generator make their mesh, and publishes it. */
export interface Worker {
  start(): void;
  /**
   * Holds what goes on here against the rows: an attempt that lost its run is stopped. Gives the
   * rows that say that this process is at them, and it is not.
   */
  renew(): Promise<readonly RunRow[]>;
  /** Takes no more runs, stops those under way so that they can be resumed, waits for both. */
  stop(): Promise<void>;
}

type Mesh = Extract<GenerateResult, { ok: true }>;

const STEM = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/**
 * Where a mesh goes by itself: the run's id in the name makes it nobody else's, and `again` keeps it
 * apart from an earlier attempt that may be about to publish still.
 */
function ownPath(row: RunRow, { file, stem }: Mesh, again: number | undefined): string {
  const begin = stem && STEM.test(stem) ? stem : "mesh";
  const end = again === undefined ? "" : `-${again}`;
  return `${row.collection}/${begin}-${row.runId}${end}${path.extname(file).toLowerCase()}`;
}

/** A disk without room, or a storage that is away, is the reader's business; anything else is a fault of ours. */
function sentenceOfFault(cause: unknown, otherwise: string): string {
  if (cause instanceof FilesAway)
    return "The storage for pictures and meshes did not answer for too long. Create the run again when it does.";
  return isOutOfRoom(cause)
    ? "There was no room left to store the mesh. Free some space, then create the run again."
    : `${otherwise} The server's log says more.`;
}

/** How often a store that takes nothing is asked again, ms. */
const ASK_AGAIN_MS = 500;

export function createWorker(deps: WorkerDeps): Worker {
  const { runs, queue, registry, files, leftovers, store, self, watchdogs, log } = deps;
  const attempts = new Map<string, Attempt>();
  const working = new Set<string>();
  const stopping = new AbortController();

  /** A store that takes nothing for the moment is asked again: hours of work may hang on one change. */
  async function insist<T>(runId: string, change: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await change();
      } catch (cause) {
        if (stopping.signal.aborted || !mayPass(cause)) throw cause;
        log.warn({ run_id: runId, err: cause }, "the store takes nothing; asking again");
        await wait(ASK_AGAIN_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  }

  /** Ends a run in `error`, unless it has ended already. */
  async function fail(row: RunRow, sentence: string): Promise<void> {
    if (!(await insist(row.runId, () => runs.fail(row, sentence))))
      log.debug({ run_id: row.runId }, "ended meanwhile");
  }

  /** Takes back a mesh that came too late, unless its run shows it all the same. */
  async function takeBack({ runId }: RunRow, workspacePath: string, content: Content) {
    const now = await insist(runId, () => runs.get(runId));
    // The answer to our own change was lost, or whoever took the run over found the mesh in its place.
    const isWanted = now !== undefined && (!isEnded(now.status) || now.status === "done");
    if (!isWanted || now.workspacePath !== workspacePath)
      await files.meshes.withdraw(workspacePath, content);
  }

  /** The run's own path when the generator has none to keep, or when that one is taken. */
  async function publish(row: RunRow, mesh: Mesh, again: number | undefined): Promise<void> {
    const own = ownPath(row, mesh, again);
    const wanted = mesh.workspacePath ? [mesh.workspacePath, own] : [own];
    const content = await files.meshes.contentOf(mesh.file);
    let current = row;
    for (const workspacePath of wanted) {
      // First the intent, then the file: a crash in between leaves a file that recovery knows of.
      const seen = current;
      const isOurs = !(await files.meshes.isTaken(workspacePath));
      const intent = await insist(row.runId, () =>
        runs.note(seen, {
          workspacePath,
          meshSha256: content.sha256,
          meshBytes: content.bytes,
          meshIsOurs: isOurs,
        }),
      );
      if (!intent) return;
      current = intent;
      const outcome = await files.meshes.publish(mesh.file, workspacePath);
      if (outcome.ok) {
        const done = await insist(row.runId, () => runs.finish(intent));
        // A cancel was first, or another attempt: this mesh must not stay.
        if (!done && isOurs) await takeBack(row, workspacePath, content);
        return;
      }
      log.warn({ run_id: row.runId, workspacePath, why: outcome.why }, "can't publish here");
    }
    await fail(current, "The mesh could not be put into the workspace. The server's log says why.");
  }

  async function conclude(
    attempt: Attempt,
    workDir: string,
    again: number | undefined,
  ): Promise<void> {
    const end = await attempt.ended;
    const row = attempt.row();
    if (end.kind === "fault") {
      log.error({ run_id: row.runId, err: end.cause }, "the generator failed");
      await fail(row, sentenceOfFault(end.cause, "The generator failed unexpectedly."));
    } else if (end.kind === "aborted") {
      if (end.reason === "watchdog") await fail(row, end.sentence);
      // A stop is no attempt: the run is taken up again as if this one had not been.
      if (end.reason === "stop")
        await runs.note(row, {
          step: WAITING_TO_RESUME,
          attempts: row.attempts - 1,
          owner: null,
        });
    } else if (end.result.ok) {
      const fault = await faultOfMesh(end.result.file, workDir);
      if (fault) await fail(row, `The generator ${fault}.`);
      else await publish(row, end.result, again);
    } else {
      await fail(row, sentenceOf(end.result.error));
    }
  }

  async function attemptRun(row: RunRow, generator: Generator): Promise<HandleEnd> {
    const begun = await insist(row.runId, () => runs.begin(row));
    if (!begun || row.upload === null) return "abandon";
    const params = (await runs.paramsOf(row.runId)) ?? {};
    const workDir = await files.workDir(row.runId);
    const attempt = startAttempt(generator, begun, {
      runs,
      watchdogs,
      imagePath: await files.uploads.fetch(row.upload, workDir),
      workDir,
      params,
      log,
    });
    attempts.set(row.runId, attempt);
    const unwatch = runs.watch(row.runId, ({ status }) => {
      if (status === "cancelled") attempt.abort("cancel");
    });
    if (stopping.signal.aborted) attempt.abort("stop");
    try {
      await conclude(attempt, workDir, row.status === "running" ? begun.revision : undefined);
    } finally {
      unwatch();
      const how = await attempt.letGo;
      if (how === "late")
        log.warn({ run_id: row.runId, model_id: row.modelId }, "the generator does not let go");
      attempts.delete(row.runId);
      await files.removeWorkDir(row.runId);
    }
    return (await attempt.letGo) === "settled" ? "drop" : "keep";
  }

  async function work(runId: string): Promise<void> {
    // An attempt that was stopped may not have let go yet; the run is handed out again.
    if (working.has(runId)) return;
    working.add(runId);
    try {
      const row = await insist(runId, () => runs.get(runId));
      // Whoever owns it is at it, or has to clear up behind it.
      if (row && row.owner === null) await workOn(row);
    } catch (cause) {
      log.error({ run_id: runId, err: cause }, "the run could not be read");
    } finally {
      working.delete(runId);
    }
  }

  async function workOn(row: RunRow): Promise<void> {
    const { runId } = row;
    let handle: HandleEnd = "abandon";
    try {
      if (isEnded(row.status)) return;
      const generator = await registry.find(row.modelId);
      if (generator) handle = await attemptRun(row, generator);
      else if (!store.isShared) await fail(row, modelIsGone(row.modelId));
    } catch (cause) {
      handle = "keep";
      log.error({ run_id: runId, err: cause }, "the run could not be worked on");
      const row = await runs.get(runId).catch(() => undefined);
      if (row && !isEnded(row.status))
        await fail(
          row,
          sentenceOfFault(cause, "The server failed while it worked on this run."),
        ).catch(() => undefined);
    } finally {
      await leftovers.clear(runId, handle);
    }
  }

  return {
    start() {
      queue.start(work, async () =>
        (await registry.list()).map(({ descriptor, slot }) => ({ modelId: descriptor.id, slot })),
      );
    },
    async renew() {
      // Those that began before the rows are read are in them, unless they were lost.
      const begun = [...attempts.values()];
      const rows = (await store.list("running")).filter(({ owner }) => owner === self);
      for (const attempt of begun) {
        const { runId, attempts: nth } = attempt.row();
        if (!rows.some((row) => row.runId === runId && row.attempts === nth))
          attempt.abort("cancel");
      }
      return rows.filter(({ runId }) => !working.has(runId));
    },
    async stop() {
      stopping.abort();
      const stopped = queue.stop();
      for (const attempt of attempts.values()) attempt.abort("stop");
      await stopped;
    },
  };
}
