import { EventEmitter } from "node:events";

import type { RunRow } from "../stores/run-store.ts";

type Listener = (row: RunRow) => void;

/** Tells watchers, in this process, of each stored change: nobody is told what the store does not hold. */
export interface Changes {
  publish(row: RunRow): void;
  /** Calls back with each change of the run from now on; gives the way to stop. */
  subscribe(runId: string, listener: Listener): () => void;
  /** The same for every run. */
  subscribeAll(listener: Listener): () => void;
}

export function createChanges(): Changes {
  const byRun = new EventEmitter().setMaxListeners(0);
  const all = new EventEmitter().setMaxListeners(0);
  const listen = (to: EventEmitter, event: string, listener: Listener) => {
    to.on(event, listener);
    return () => void to.off(event, listener);
  };
  return {
    publish(row) {
      byRun.emit(row.runId, row);
      all.emit("change", row);
    },
    subscribe: (runId, listener) => listen(byRun, runId, listener),
    subscribeAll: (listener) => listen(all, "change", listener),
  };
}
