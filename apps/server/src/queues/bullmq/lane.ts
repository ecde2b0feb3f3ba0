import { type IQueueBackend, type Job, Queue, Worker } from "bullmq";

import type { Engine } from "./engine.ts";

/** A worker that does not renew its lock for so long has lost it, ms. */
export const LOCK_MS = 6000;
/** How often lost locks are looked for, ms. Two looks find one. */
const STALLED_EVERY_MS = 2000;
/** A job that is lost more often is dropped; its row gets another one. */
const MAX_STALLED = 5;
/** How long a look at the whole line is good for, ms. */
const LINE_MS = 250;

/** A job that is held here. */
export interface Held {
  readonly runId: string;
  readonly token: string;
  /** It is done with; false when it was somebody else's already. */
  complete(): Promise<boolean>;
  /** Back to the head of the line. */
  giveBack(): Promise<void>;
}

/** The line of one model: a queue of BullMQ, whose jobs are called as their runs. */
export interface Lane {
  add(runId: string, first: boolean): Promise<void>;
  remove(runId: string): Promise<boolean>;
  position(runId: string): Promise<number | null>;
  length(): Promise<number>;
  /** The next job, or undefined when none waits. */
  take(token: string): Promise<Held | undefined>;
  /** Keeps these jobs from being handed to others. */
  renew(held: readonly Held[]): Promise<void>;
  close(): Promise<void>;
}

type AnyQueue = Queue<unknown, unknown, string, unknown, unknown, string, IQueueBackend>;
type AnyWorker = Worker<unknown, unknown, string, IQueueBackend>;

/** BullMQ allows no colon in a name. */
const nameOf = (modelId: string) => encodeURIComponent(modelId);

function heldOf(job: Job, token: string): Held {
  const settle = (end: Promise<unknown>) =>
    end.then(
      () => true,
      () => false,
    );
  return {
    runId: job.id!,
    token,
    complete: () => settle(job.moveToCompleted("", token, false)),
    async giveBack() {
      await settle(job.moveToWait(token));
    },
  };
}

/** Opens the line of a model. */
export function openLane(
  { options, backend }: Engine,
  modelId: string,
  onFault: (cause: unknown) => void,
): Lane {
  const name = nameOf(modelId);
  const queue = new Queue(
    name,
    {
      ...options,
      // A run is tried as often as its row says; the queue forgets a job that is over.
      defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
      streams: { events: { maxLen: 100 } },
    },
    backend,
  ) as unknown as AnyQueue;
  queue.on("error", onFault);
  let worker: AnyWorker | undefined;
  let line: { readonly at: number; readonly runIds: Promise<readonly string[]> } | undefined;

  /** Jobs are fetched by hand: BullMQ's own loop counts places for each queue, and a slot has them for several. */
  function working(): AnyWorker {
    if (worker) return worker;
    worker = new Worker(
      name,
      null,
      {
        ...options,
        autorun: false,
        lockDuration: LOCK_MS,
        stalledInterval: STALLED_EVERY_MS,
        maxStalledCount: MAX_STALLED,
      },
      backend,
    ) as unknown as AnyWorker;
    worker.on("error", onFault);
    worker.startStalledCheckTimer().catch(onFault);
    return worker;
  }

  function look(): Promise<readonly string[]> {
    if (!line || performance.now() - line.at > LINE_MS)
      line = { at: performance.now(), runIds: queue.getRanges(["waiting"], 0, -1, true) };
    return line.runIds;
  }

  return {
    async add(runId, first) {
      await queue.add("run", {}, { jobId: runId, lifo: first });
      line = undefined;
    },
    async remove(runId) {
      line = undefined;
      // Asked first: to remove what is not there is no failure to all backends.
      if ((await queue.getJobState(runId)) !== "waiting") return false;
      return (await queue.remove(runId)) === 1;
    },
    async position(runId) {
      const at = (await look()).indexOf(runId);
      return at < 0 ? null : at;
    },
    length: () => queue.getWaitingCount(),
    async take(token) {
      const job = await working().getNextJob(token, { block: false });
      if (!job) return undefined;
      line = undefined;
      return heldOf(job, token);
    },
    async renew(held) {
      if (held.length === 0) return;
      // Those that can't be renewed are somebody else's to hand out; whose the run is its row says.
      await working().extendJobLocks(
        held.map(({ runId }) => runId),
        held.map(({ token }) => token),
        LOCK_MS,
      );
    },
    async close() {
      await Promise.all([worker?.close(true), queue.close()]);
    },
  };
}
