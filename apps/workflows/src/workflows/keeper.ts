import { setTimeout as wait } from "node:timers/promises";

import { isEnded } from "@modly-runs/flows";
import type { FlowRun, FlowStore } from "@modly-runs/flows/ports";

import type { Crew } from "../crew/crew.ts";
import type { Log } from "../log.ts";
import type { WorkflowRow, WorkflowStore } from "../stores/workflow-store.ts";

/** Milliseconds before a flow run that somebody else still holds is asked for again. */
const AGAIN_MS = 250;
/** Processes that may die under one workflow before it is given up. */
const MOST_DEATHS = 4;

export interface KeeperDeps {
  readonly store: Pick<WorkflowStore, "get" | "change" | "unsettled">;
  readonly flows: Pick<FlowStore, "get" | "wish">;
  readonly crew: Crew;
  /** Workflows at once; the others wait for their turn. */
  readonly atOnce: number;
  readonly log: Log;
  /** Stores that a workflow is over. */
  readonly end: (row: WorkflowRow, status: "COMPLETED" | "FAILED", why?: string) => Promise<void>;
}

/**
 * Brings each flow run to where its workflow's row says it should be. The row is changed by whoever asks, and by the
 * flow run's end; whatever happens in between, a look at both tells what is to be done next.
 */
export interface Keeper {
  /** There is something to be done for a workflow: its row has changed. */
  wake(id: string): Promise<void>;
  /** Takes up what was left unsettled. */
  start(): Promise<void>;
  /** True while its flow run is being run. */
  isAtWork(id: string): boolean;
  /** Resolves when nothing is done for a workflow any more, or the time is up. */
  settled(id: string, ms: number): Promise<void>;
  /** Begins nothing more. */
  stop(): void;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

export function createKeeper({ store, flows, crew, atOnce, log, end }: KeeperDeps): Keeper {
  const queue = new Set<string>();
  const working = new Map<string, Promise<void>>();
  const again = new Set<string>();
  const deaths = new Map<string, number>();
  const stopping = new AbortController();

  function pump(): void {
    for (const id of queue) {
      if (working.size >= atOnce || stopping.signal.aborted) return;
      queue.delete(id);
      const work = settle(id)
        .catch((cause: unknown) =>
          log.error({ err: cause, workflow: id }, "a workflow can't be settled"),
        )
        .finally(() => {
          working.delete(id);
          if (again.delete(id)) queue.add(id);
          pump();
        });
      working.set(id, work);
    }
  }

  async function settle(id: string): Promise<void> {
    for (;;) {
      const [row, flow] = await Promise.all([store.get(id), flows.get(id)]);
      if (!row || !flow || row.settled || stopping.signal.aborted) return;
      again.delete(id);
      const next = whatNext(row, flow);
      if (next === "settled") await store.change(id, row.status, { settled: true });
      else if (next === "COMPLETED" || next === "FAILED") {
        await end(row, next);
        deaths.delete(id);
      } else await run(row, next === "resume");
    }
  }

  async function run(row: WorkflowRow, resume: boolean): Promise<void> {
    const { id, tenant } = row;
    const died = deaths.get(id) ?? 0;
    const over = await crew.run({ id, tenant, resume }, died > 0);
    if (over.ok) {
      deaths.delete(id);
      return;
    }
    if (stopping.signal.aborted) return;
    if (over.broke) {
      deaths.set(id, died + 1);
      log.warn({ workflow: id, why: over.why, times: died + 1 }, "a workflow's process broke");
      if (died + 1 >= MOST_DEATHS) {
        deaths.delete(id);
        return end(row, "FAILED", `The process that did its steps died ${MOST_DEATHS} times.`);
      }
    }
    // Held by a process of a service that is gone: it ends in a moment, too.
    await wait(AGAIN_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
  }

  /** Tells whoever runs it. */
  async function tell(id: string): Promise<void> {
    const row = await store.get(id);
    if (row?.settled === false && row.status === "PAUSED") await flows.wish(id, "pause");
    if (row?.settled === false && row.status === "CANCELLED") await flows.wish(id, "cancel");
  }

  return {
    async wake(id) {
      await tell(id);
      if (working.has(id)) again.add(id);
      else queue.add(id);
      pump();
    },
    async start() {
      for (const id of await store.unsettled()) {
        await tell(id);
        queue.add(id);
      }
      pump();
    },
    isAtWork: (id) => working.has(id),
    async settled(id, ms) {
      await Promise.race([working.get(id), wait(ms, undefined, { ref: false })]);
    },
    stop: () => stopping.abort(),
    async idle() {
      await Promise.all(working.values());
    },
  };
}

type Next = "run" | "resume" | "settled" | "COMPLETED" | "FAILED";

/** What is to be done where the row says one thing and the flow run is where it is. */
function whatNext({ status, resumedFrom }: WorkflowRow, { status: flow, endedAt }: FlowRun): Next {
  // An end that was resumed from is over, until there is another one.
  const failed = flow === "failed" && endedAt !== resumedFrom;
  switch (status) {
    case "RUNNING":
      if (flow === "done") return "COMPLETED";
      if (failed) return "FAILED";
      return isEnded(flow) ? "resume" : "run";
    case "PAUSED":
      // What was under way when it was paused may have been its last.
      if (flow === "done") return "COMPLETED";
      if (failed) return "FAILED";
      return isEnded(flow) ? "settled" : "run";
    case "CANCELLED":
      return isEnded(flow) && flow !== "paused" ? "settled" : "run";
    default:
      return "settled";
  }
}
