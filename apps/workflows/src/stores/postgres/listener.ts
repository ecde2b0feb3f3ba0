import { setTimeout as wait } from "node:timers/promises";

import pg from "pg";

import type { Place } from "./connection.ts";
import { channelOf } from "./layout.ts";

/** How often what is watched is taken for changed while nobody can be listened to, ms. */
const POLL_MS = 500;
/** How often a lost connection is tried again, ms. */
const AGAIN_MS = 1000;
/** How often a silent connection is asked whether it lives, and how long it may take to say so, ms. */
const ASK_EVERY_MS = 5000;
const ANSWER_MS = 3000;

/** Those who are to be told. */
export interface Audience {
  /** The ids of the workflows that somebody here watches. */
  watched(): string[];
  publish(id: string): void;
}

/** Tells of changes that any node made: by NOTIFY, or by looking when that can't be had. Gives the way to stop. */
export function listen(
  { connectionString, schema }: Place,
  { watched, publish }: Audience,
): () => Promise<void> {
  const closing = new AbortController();
  let isListening = false;
  const publishAll = () => {
    for (const id of watched()) publish(id);
  };

  /** Listens until the connection is lost. */
  async function hear(): Promise<void> {
    const client = new pg.Client({
      connectionString,
      application_name: `modly-workflows ${schema} listener`,
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
      client.on("notification", ({ payload }) => {
        if (payload !== undefined) publish(payload);
      });
      await client.query(`listen ${channelOf(schema)}`);
      isListening = true;
      // What changed before is heard of by nobody.
      publishAll();
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
      await hear().catch(() => undefined);
      await wait(AGAIN_MS, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  }
  const listening = keepListening();
  const polling = setInterval(() => {
    if (!isListening) publishAll();
  }, POLL_MS);

  return async () => {
    closing.abort();
    clearInterval(polling);
    await listening;
  };
}
