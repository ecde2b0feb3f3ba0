import { EventEmitter } from "node:events";

/** Tells watchers, in this process, that something of a workflow was stored. */
export interface Changes {
  publish(id: string): void;
  /** Calls back with each change from now on; gives the way to stop. */
  subscribe(id: string, listener: () => void): () => void;
  /** What somebody watches. */
  watched(): string[];
}

export function createChanges(): Changes {
  const told = new EventEmitter().setMaxListeners(0);
  return {
    publish: (id) => void told.emit(id),
    subscribe(id, listener) {
      told.on(id, listener);
      return () => void told.off(id, listener);
    },
    watched: () => told.eventNames().map(String),
  };
}
