import { setTimeout as wait } from "node:timers/promises";

import type { TestDatabase } from "../support/database.ts";

/** Runs of workers that were killed, and how long each was nobody's, ms. */
export interface TakenOver {
  readonly runs: number;
  readonly median: number;
  readonly longest: number;
  /** The longest, where the time until a database that was away meanwhile had come back does not count. */
  readonly longestWithDatabase: number;
}

const LOOK_EVERY_MS = 200;

/** Looks in the database itself at what becomes of the runs of workers that die. */
export function createWatch({ query, schema }: TestDatabase) {
  const stopping = new AbortController();
  const dead = new Map<string, number>();
  /** When the worker of a run died, by run and worker; and how long it took then. */
  const waiting = new Map<string, number>();
  const took: { all: number; withDatabase: number }[] = [];
  let databaseBackAt = Number.NEGATIVE_INFINITY;

  async function look(): Promise<void> {
    const rows = (await query(
      `select run_id, owner from ${schema}.runs where status = 'running'`,
    )) as { run_id: string; owner: string | null }[];
    const held = new Set(
      rows
        .filter(({ owner }) => owner !== null && dead.has(owner))
        .map((row) => `${row.run_id} ${row.owner}`),
    );
    for (const row of rows) {
      const key = `${row.run_id} ${row.owner}`;
      if (held.has(key) && !waiting.has(key)) waiting.set(key, dead.get(row.owner!)!);
    }
    for (const [key, since] of waiting)
      if (!held.has(key)) {
        const now = performance.now();
        took.push({ all: now - since, withDatabase: now - Math.max(since, databaseBackAt) });
        waiting.delete(key);
      }
  }
  const looking = (async () => {
    while (!stopping.signal.aborted) {
      // The database may be away itself.
      await look().catch(() => undefined);
      await wait(LOOK_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();

  return {
    /** The name under which a node owns its runs. */
    async idOf(url: string): Promise<string | undefined> {
      const health = await fetch(`${url}/health`, { signal: AbortSignal.timeout(2000) })
        .then(async (answer) => (await answer.json()) as { node?: string })
        .catch(() => undefined);
      return health?.node;
    },
    died: (id: string) => void dead.set(id, performance.now()),
    databaseIsBack() {
      databaseBackAt = performance.now();
    },
    takenOver(): TakenOver {
      const sorted = took.map(({ all }) => all).toSorted((a, b) => a - b);
      return {
        runs: sorted.length,
        median: Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0),
        longest: Math.round(sorted.at(-1) ?? 0),
        longestWithDatabase: Math.round(
          Math.max(0, ...took.map(({ withDatabase }) => withDatabase)),
        ),
      };
    },
    async stop(): Promise<void> {
      stopping.abort();
      await looking;
    },
  };
}
