import { EventEmitter } from "node:events";

import type { RunRow } from "../stores/run-store.ts";

/** Tells watchers, in this process, of each stored change: nobody is told what the store does not hold. */
export interface Changes {
  publish(row: RunRow): void;
  /** Calls back with each change of the run from now on; gives the way to stop. */
  subscribe(runId: string, listener: (row: RunRow) => void): () => void;
}

export function createChanges(): Changes {
  const emitter = new EventEmitter().setMaxListeners(0);
  return {
    publish(row) {
      emitter.emit(row.runId, row);
    },
    subscribe(runId, listener) {
      emitter.on(runId, listener);
      return () => emitter.off(runId, listener);
    },
  };
}
