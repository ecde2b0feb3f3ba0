import { setTimeout as wait } from "node:timers/promises";

import type { Log } from "../log.ts";
import type { Member, Members, Offer } from "../stores/members.ts";
import type { RunRow } from "../stores/run-store.ts";
import type { Recovery } from "./recovery.ts";

/** How often a node tells that it lives, and looks after the runs of the dead, ms. */
const BEAT_MS = 2000;
/** A node that could not tell for so long does not know whether others could, ms. */
const GAP_MS = 5000;
/**
 * So long a node must have been heard before it takes others for dead, ms: in that time each has found a
 * database again that was away. One that has not loses its runs, and what it brings late is refused.
 */
const STEADY_MS = 6000;
/** How often what waits is held against the queue, and ended runs are looked through, ms. */
const TIDY_MS = 10_000;

export interface PresenceDeps {
  readonly members: Members;
  /** What this node runs now. */
  readonly offers: () => Promise<readonly Offer[]>;
  /** Holds what goes on here against the store; gives the runs that nobody is at, though they are this node's. */
  readonly renew: () => Promise<readonly RunRow[]>;
  readonly recovery: Recovery;
  readonly log: Log;
}

/** This node among the others: it tells that it lives, takes up what the dead left, and tidies where it is the first. */
export interface Presence {
  /** Resolves when the others can know of this node. */
  start(): Promise<void>;
  /** Tells the others that it goes. */
  stop(): Promise<void>;
}

export function createPresence(deps: PresenceDeps): Presence {
  const { members, offers, renew, recovery, log } = deps;
  const stopping = new AbortController();
  let announced = "";
  let heardAt = Number.NEGATIVE_INFINITY;
  let steadySince = Number.POSITIVE_INFINITY;
  let tidiedAt = Number.NEGATIVE_INFINITY;
  let going: Promise<unknown> = Promise.resolve();

  async function beat(): Promise<void> {
    const now = await offers();
    const text = JSON.stringify(now);
    if (text !== announced || !(await members.beat())) await members.announce(now);
    announced = text;
    const at = performance.now();
    if (at - heardAt > GAP_MS) steadySince = at;
    heardAt = at;
    for (const row of await renew()) await recovery.resume(row);
  }

  /** After a time in which nobody was heard, a database that was away for example, all seem dead. */
  const mayJudge = () => {
    const at = performance.now();
    return at - heardAt < GAP_MS && at - steadySince > STEADY_MS;
  };

  async function tidy(): Promise<void> {
    const live = (await members.list()).filter(({ isLive }: Member) => isLive);
    const ids = new Set(live.map(({ id }) => id));
    const isDead = (owner: string) => mayJudge() && !ids.has(owner);
    // Every node does: one that died or sleeps itself would hold the others up. The first to store it has it.
    await recovery.resumeOf(isDead);
    if (live[0]?.id !== members.self || performance.now() - tidiedAt < TIDY_MS) return;
    tidiedAt = performance.now();
    await recovery.tidy(isDead);
  }

  async function again(work: () => Promise<void>, words: string): Promise<void> {
    while (!stopping.signal.aborted) {
      await work().catch((cause: unknown) => log.warn({ err: cause }, words));
      await wait(BEAT_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  return {
    async start() {
      await beat();
      going = Promise.all([
        again(beat, "this node could not tell the others that it lives"),
        again(tidy, "what others left could not be looked after"),
      ]);
    },
    async stop() {
      stopping.abort();
      await going;
      await members.leave().catch(() => undefined);
    },
  };
}
