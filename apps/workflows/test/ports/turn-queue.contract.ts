import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { TurnQueue } from "../../src/turns/turn-queue.ts";

/** Queues of one or several nodes, two places each, and what takes away what they kept. */
export interface OpenedTurns {
  node(): Promise<TurnQueue>;
  remove(): Promise<void>;
}

const PATIENCE = { timeout: 60_000, interval: 10 };

/** Somebody who takes turns, and ends one when told. */
export function taker() {
  const taken: string[] = [];
  const under = new Map<string, () => void>();
  const left = new Set<string>();
  return {
    taken,
    under,
    /** Those of which something is left, each once. */
    left,
    take: (id: string) =>
      new Promise<void>((resolve) => {
        taken.push(id);
        under.set(id, resolve);
      }),
    isLeft: async (id: string) => left.delete(id),
    end(id: string) {
      under.get(id)!();
      under.delete(id);
    },
    endAll() {
      for (const id of under.keys()) this.end(id);
    },
    reach: (count: number) => vi.waitFor(() => expect(taken).toHaveLength(count), PATIENCE),
  };
}

/** What any queue of turns promises. */
export function describeTurnQueue(name: string, open: () => Promise<OpenedTurns>): void {
  describe(`${name} as a queue of turns`, () => {
    let opened: OpenedTurns;
    let turns: TurnQueue;
    let who: ReturnType<typeof taker>;
    beforeEach(async () => {
      opened = await open();
      turns = await opened.node();
      who = taker();
    });
    afterEach(async () => {
      // Whatever is under way is over, so that it can be closed.
      const ending = setInterval(() => who.endAll(), 10);
      await turns.pause();
      await turns.close();
      clearInterval(ending);
      await opened.remove();
    });

    it("hands out what was added before and after the start, the first first, as many as it has places for", async () => {
      await turns.add(["a"]);
      turns.start(who.take, who.isLeft);
      await turns.add(["b"]);
      await turns.add(["c", "d"]);
      await who.reach(2);
      who.end("a");
      await who.reach(3);
      who.end("b");
      await who.reach(4);
      expect(who.taken).toEqual(["a", "b", "c", "d"]);
    });

    it("does not hand out twice what waits already or has its turn", async () => {
      await turns.add(["a", "a"]);
      await turns.add(["a"]);
      turns.start(who.take, who.isLeft);
      await who.reach(1);
      await turns.add(["a"]);
      await turns.add(["b"]);
      await who.reach(2);
      expect(who.taken).toEqual(["a", "b"]);
    });

    it("hands out again what is left, and what is added when its turn is over", async () => {
      turns.start(who.take, who.isLeft);
      await turns.add(["a"]);
      await who.reach(1);
      who.left.add("a");
      who.end("a");
      await who.reach(2);
      who.end("a");
      await vi.waitFor(async () => {
        await turns.add(["a"]);
        expect(who.taken).toEqual(["a", "a", "a"]);
      }, PATIENCE);
    });

    it("hands out no more when it pauses, and closes when the last turn is over", async () => {
      turns.start(who.take, who.isLeft);
      await turns.add(["a"]);
      await who.reach(1);
      await turns.pause();
      await turns.add(["b"]);
      const order: string[] = [];
      const closed = turns.close().then(() => order.push("closed"));
      order.push("over");
      who.end("a");
      await closed;
      expect([who.taken, order]).toEqual([["a"], ["over", "closed"]]);
    });
  });
}
