import { setTimeout as wait } from "node:timers/promises";

import { isEnded } from "@modly-runs/flows";
import type { FlowRun, FlowStore } from "@modly-runs/flows/ports";

import type { Crew } from "../crew/crew.ts";
import type { Log } from "../log.ts";
import type { TurnQueue } from "../turns/turn-queue.ts";
import type { WorkflowRow, WorkflowStore } from "../stores/workflow-store.ts";

/** A flow run that somebody else still holds is asked for again so often, at intervals of so many milliseconds. */
const TRIES = 8;
const AGAIN_MS = 250;
/** How often it is looked whether something is to be done that has no turn, ms. */
const LOOK_MS = 2000;
/** Processes that may die under one workflow before it is given up. */
const MOST_DEATHS = 4;

export interface KeeperDeps {
  readonly store: Pick<WorkflowStore, "get" | "change" | "unsettled">;
  readonly flows: Pick<FlowStore, "get" | "wish">;
  readonly turns: TurnQueue;
  readonly crew: Crew;
  readonly log: Log;
  /** Stores that a workflow is over. */
  readonly end: (row: WorkflowRow, status: "COMPLETED" | "FAILED", why?: string) => Promise<void>;
}

/**
 * Brings each flow run to where its workflow's row says it should be. The row is changed by whoever asks, and by the
 * flow run's end; whatever happens in between, a look at both tells what is to be done next. Several keepers of one
 * store do no harm: a flow run has one holder, and a row is changed by who saw it last.
 */
export interface Keeper {
  /** There is something to be done for a workflow: its row has changed. */
  wake(row: Pick<WorkflowRow, "id" | "status">): Promise<void>;
  /** Takes up what was left unsettled, by whomever, now and from time to time. */
  start(): Promise<void>;
  /** Begins nothing more. What is left is for the next one, or for others. */
  stop(): Promise<void>;
}

export function createKeeper({ store, flows, turns, crew, log, end }: KeeperDeps): Keeper {
  const deaths = new Map<string, number>();
  /** Nothing can be done for them at the moment. */
  const resting = new Set<string>();
  const stopping = new AbortController();
  let clock: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;

  async function turn(id: string): Promise<void> {
    try {
      await settle(id);
    } catch (cause) {
      resting.add(id);
      log.error({ err: cause, workflow: id }, "a workflow can't be settled now");
    }
  }
  /** Asked when its turn is over: whoever changed the row meanwhile found its place taken. */
  async function isLeft(id: string): Promise<boolean> {
    if (resting.delete(id)) return false;
    return (await store.get(id).catch(() => undefined))?.settled === false;
  }

  async function settle(id: string): Promise<void> {
    for (let refused = 0; refused < TRIES;) {
      const [row, flow] = await Promise.all([store.get(id), flows.get(id)]);
      if (!row || !flow || row.settled || stopping.signal.aborted) return;
      const next = whatNext(row, flow);
      if (next === "settled") await store.change(row, { settled: true });
      else if (next === "COMPLETED" || next === "FAILED") {
        await end(row, next);
        deaths.delete(id);
      } else if (await run(row, next === "resume")) refused = 0;
      else {
        refused++;
        await wait(AGAIN_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
    resting.add(id);
  }

  /** False if it could not be run: somebody else holds it, who may be gone in a moment. */
  async function run(row: WorkflowRow, resume: boolean): Promise<boolean> {
    const { id, tenant } = row;
    const died = deaths.get(id) ?? 0;
    const over = await crew.run({ id, tenant, resume }, died > 0);
    if (over.ok) deaths.delete(id);
    if (over.ok || stopping.signal.aborted) return true;
    if (!over.broke) return false;
    deaths.set(id, died + 1);
    log.warn({ workflow: id, why: over.why, times: died + 1 }, "a workflow's process broke");
    if (died + 1 >= MOST_DEATHS) {
      deaths.delete(id);
      await end(row, "FAILED", `The process that did its steps died ${MOST_DEATHS} times.`);
    }
    return true;
  }

  /** Tells whoever runs it. */
  async function tell({ id, status }: Pick<WorkflowRow, "id" | "status">): Promise<void> {
    if (status === "PAUSED") await flows.wish(id, "pause");
    if (status === "CANCELLED") await flows.wish(id, "cancel");
  }
  /** A turn that can't be asked for now is asked for with the next look. */
  const unasked = (cause: unknown) => log.debug({ err: cause }, "no turn can be asked for");

  async function look(): Promise<void> {
    const rows = await store.unsettled();
    for (const row of rows) await tell(row);
    if (rows.length > 0) await turns.add(rows.map(({ id }) => id)).catch(unasked);
  }

  return {
    async wake(row) {
      await tell(row);
      // The row says what is to be done; whoever asked for it need not wait for its turn.
      turns.add([row.id]).catch(unasked);
    },
    async start() {
      turns.start(turn, isLeft);
      await look();
      clock = setInterval(() => {
        looking ??= look()
          .catch((cause: unknown) => log.warn({ err: cause }, "the store can't be looked at now"))
          .finally(() => {
            looking = undefined;
          });
      }, LOOK_MS);
    },
    async stop() {
      clearInterval(clock);
      stopping.abort();
      await looking;
      await turns.pause();
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
