import type { QueuedRun, RunQueue } from "./run-queue.ts";

interface Line {
  readonly places: number;
  readonly waiting: string[];
  taken: number;
}

/** A queue in this process: one line for each slot. */
export function createLocalQueue(): RunQueue {
  const lines = new Map<string, Line>();
  const lineOf = new Map<string, Line>();
  const working = new Set<Promise<void>>();
  let handler: ((runId: string) => Promise<void>) | undefined;

  function line({ slot }: QueuedRun): Line {
    let found = lines.get(slot.name);
    if (!found) lines.set(slot.name, (found = { places: slot.places, waiting: [], taken: 0 }));
    return found;
  }

  function handOut(from: Line): void {
    if (!handler) return;
    const work = handler;
    while (from.taken < from.places) {
      const runId = from.waiting.shift();
      if (runId === undefined) return;
      lineOf.delete(runId);
      from.taken++;
      // A handler answers for its own failures; its place is freed either way.
      const worked = work(runId).finally(() => {
        from.taken--;
        working.delete(worked);
        handOut(from);
      });
      working.add(worked);
    }
  }

  return {
    async add(run, { first = false } = {}) {
      if (lineOf.has(run.runId)) return;
      const to = line(run);
      to.waiting[first ? "unshift" : "push"](run.runId);
      lineOf.set(run.runId, to);
      handOut(to);
    },
    async remove({ runId }) {
      const from = lineOf.get(runId);
      if (!from) return false;
      from.waiting.splice(from.waiting.indexOf(runId), 1);
      return lineOf.delete(runId);
    },
    async position({ runId }) {
      return lineOf.get(runId)?.waiting.indexOf(runId) ?? null;
    },
    async size() {
      return lineOf.size;
    },
    start(work) {
      handler = work;
      for (const each of lines.values()) handOut(each);
    },
    async stop() {
      handler = undefined;
      await Promise.allSettled(working);
    },
    async close() {},
  };
}
