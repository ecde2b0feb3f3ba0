import { setTimeout as wait } from "node:timers/promises";

import pg from "pg";

import type { RunRow, RunStore } from "../run-store.ts";
import type { Connection } from "./connection.ts";
import { channelOf } from "./layout.ts";

/** How often watched runs are read while nobody can be listened to, ms. */
const POLL_MS = 150;
/** How often a lost connection is tried again, ms. */
const AGAIN_MS = 1000;
/** How often a silent connection is asked whether it lives, and how long it may take to say so, ms. */
const ASK_EVERY_MS = 5000;
const ANSWER_MS = 3000;

interface Watched {
  /** The newest that is known here; those before it are no news. */
  revision: number;
  readonly listeners: Set<(row: RunRow) => void>;
}

/** Hears of changes that other processes made: by NOTIFY, or by looking when that can't be had. */
export interface Listener {
  readonly watch: RunStore["watch"];
  /** A change that this process made itself: whoever watches is told of it otherwise. */
  know(row: RunRow): void;
  close(): Promise<void>;
}

/** @param read gives the rows of these runs, as they are now */
export function createListener(
  { connectionString, schema }: Connection,
  read: (runIds: readonly string[]) => Promise<readonly RunRow[]>,
): Listener {
  const watched = new Map<string, Watched>();
  const closing = new AbortController();
  const due = new Set<string>();
  let looking: Promise<void> | undefined;
  let isListening = false;

  function tell(row: RunRow): void {
    const known = watched.get(row.runId);
    if (!known || row.revision <= known.revision) return;
    known.revision = row.revision;
    for (const listener of known.listeners) listener(row);
  }
  async function look(): Promise<void> {
    while (due.size > 0) {
      const runIds = [...due].filter((runId) => watched.has(runId));
      due.clear();
      if (runIds.length > 0) for (const row of await read(runIds)) tell(row);
    }
  }
  /** All that asks while one look is under way shares the next. */
  function request(runIds: Iterable<string>): void {
    for (const runId of runIds) due.add(runId);
    looking ??= look()
      // The next look, or the next message, comes anyway.
      .catch(() => undefined)
      .finally(() => (looking = undefined));
  }

  /** Listens until the connection is lost. */
  async function listen(): Promise<void> {
    const client = new pg.Client({
      connectionString,
      application_name: `modly-runs ${schema} listener`,
      keepAlive: true,
      connectionTimeoutMillis: ANSWER_MS,
      query_timeout: ANSWER_MS,
    });
    const alive = new AbortController();
    const stop = () => alive.abort();
    client.on("error", stop);
    client.once("end", stop);
    closing.signal.addEventListener("abort", stop);
    try {
      await client.connect();
      client.on("notification", ({ payload = "" }) => {
        const [runId = "", revision] = payload.split(" ");
        const known = watched.get(runId);
        if (known && Number(revision) > known.revision) request([runId]);
      });
      await client.query(`listen ${channelOf(schema)}`);
      isListening = true;
      // What changed before is heard of by nobody.
      request(watched.keys());
      while (!alive.signal.aborted) {
        await client.query("select 1");
        await wait(ASK_EVERY_MS, undefined, { signal: alive.signal }).catch(() => undefined);
      }
    } finally {
      isListening = false;
      closing.signal.removeEventListener("abort", stop);
      await Promise.race([client.end(), wait(ANSWER_MS, undefined, { ref: false })]).catch(
        () => undefined,
      );
    }
  }
  async function keepListening(): Promise<void> {
    while (!closing.signal.aborted) {
      await listen().catch(() => undefined);
      await wait(AGAIN_MS, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  }
  const listening = keepListening();
  const polling = setInterval(() => {
    if (!isListening) request(watched.keys());
  }, POLL_MS);

  return {
    watch(runId, listener) {
      let found = watched.get(runId);
      if (!found) watched.set(runId, (found = { revision: -1, listeners: new Set() }));
      const { listeners } = found;
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0 && watched.get(runId)?.listeners === listeners)
          watched.delete(runId);
      };
    },
    know({ runId, revision }) {
      const known = watched.get(runId);
      if (known) known.revision = Math.max(known.revision, revision);
    },
    async close() {
      closing.abort();
      clearInterval(polling);
      await listening;
      await looking;
    },
  };
}
