import { setTimeout as wait } from "node:timers/promises";

import pg from "pg";

/** Takes a statement with a `?` for each value; gives its rows. */
export type Ask = <T>(sql: string, values?: readonly unknown[]) => Promise<T[]>;

/** Work on the database. `isAgain`: an earlier try may have been stored without a word. */
export type Work<T> = (ask: Ask, isAgain: boolean) => Promise<T>;

/** How long a statement waits for a database that is away, ms; and how often it tries meanwhile. */
const PATIENCE_MS = 5000;
const AGAIN_MS = 100;
/** A statement that takes so long is on a connection that is dead, ms. */
const STATEMENT_MS = 10_000;

/** Codes of PostgreSQL (appendix A) and of the system that say: not now, or not on this connection. */
const AWAY =
  /^(?:08...|57P0[1-5]|53[023]00|25006|40001|40P01|ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN)$/;
/** What the driver says without a code. */
const AWAY_WORDS = /connection terminated|timeout exceeded|query read timeout|connection error/i;
const DISK_FULL = "53100";

const codeOf = (cause: unknown) => (cause as { code?: string } | null)?.code ?? "";

const isAway = (cause: unknown): boolean =>
  AWAY.test(codeOf(cause)) || (codeOf(cause) === "" && AWAY_WORDS.test(String(cause)));

/** In words that no other room has to know PostgreSQL for. */
function translated(cause: unknown): unknown {
  if (codeOf(cause) === DISK_FULL)
    return Object.assign(new Error("the database has no room left", { cause }), { code: "ENOSPC" });
  if (!isAway(cause)) return cause;
  const message = `the database can't be reached: ${(cause as Error).message}`;
  return Object.assign(new Error(message, { cause }), { code: "STORE_AWAY" });
}

/** Whole numbers of 64 bits come as text unless told otherwise; ours are times and counts, far below 2^53. */
const types = new pg.TypeOverrides();
types.setTypeParser(pg.types.builtins.INT8, Number);

/** A name that needs no thought in SQL. */
const SCHEMA = /^[a-z_][a-z0-9_]{0,40}$/;
const DEFAULT_SCHEMA = "modly_workflows";

/** Where a database is, and which part of it is ours: `?schema=` in its address. */
export interface Place {
  readonly connectionString: string;
  readonly schema: string;
}

/** @throws Error with what is wrong with the address */
export function placeOf(address: string): Place {
  const url = new URL(address);
  const schema = url.searchParams.get("schema") ?? DEFAULT_SCHEMA;
  if (!SCHEMA.test(schema))
    throw new Error(`the schema ${JSON.stringify(schema)} is not a plain name in small letters`);
  url.searchParams.delete("schema");
  return { connectionString: url.href, schema };
}

export interface Connection extends Place {
  /** Does the work, again and again for some seconds when the database is away. */
  patiently<T>(work: Work<T>): Promise<T>;
  /** The same, in one transaction. */
  transaction<T>(work: Work<T>): Promise<T>;
  close(): Promise<void>;
}

/** PostgreSQL takes no NUL in a text. */
export const storable = (value: unknown) =>
  typeof value === "string" ? value.replaceAll("\0", "\uFFFD") : (value ?? null);

function over(client: pg.Pool | pg.PoolClient): Ask {
  return async <T>(sql: string, values: readonly unknown[] = []) => {
    let at = 0;
    const numbered = sql.replaceAll("?", () => `$${++at}`);
    return (await client.query(numbered, values.map(storable))).rows as T[];
  };
}

/** Opens connections as they are needed, at most `most`. */
export function connect(address: string, most: number): Connection {
  const place = placeOf(address);
  const pool = new pg.Pool({
    connectionString: place.connectionString,
    application_name: `modly-workflows ${place.schema}`,
    options: `-c search_path=${place.schema}`,
    types,
    max: most,
    keepAlive: true,
    connectionTimeoutMillis: PATIENCE_MS,
    query_timeout: STATEMENT_MS,
  });
  // An idle connection that breaks is replaced when it is needed.
  pool.on("error", () => {});

  async function patiently<T>(work: (isAgain: boolean) => Promise<T>): Promise<T> {
    const began = performance.now();
    for (let isAgain = false; ; isAgain = true) {
      try {
        return await work(isAgain);
      } catch (cause) {
        if (!isAway(cause) || performance.now() - began > PATIENCE_MS) throw translated(cause);
        await wait(AGAIN_MS);
      }
    }
  }

  return {
    ...place,
    patiently: (work) => patiently((isAgain) => work(over(pool), isAgain)),
    transaction: (work) =>
      patiently(async (isAgain) => {
        const client = await pool.connect();
        // The pool listens to idle ones alone; without a listener a cut between two statements ends the process.
        const onError = () => {};
        client.on("error", onError);
        try {
          await client.query("begin");
          const result = await work(over(client), isAgain);
          await client.query("commit");
          client.off("error", onError);
          client.release();
          return result;
        } catch (cause) {
          // Its state is not known: it is not used again.
          client.release(true);
          throw cause;
        }
      }),
    close: () => pool.end(),
  };
}
