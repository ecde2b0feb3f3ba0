import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { RunQueue } from "../../src/queues/run-queue.ts";

const one = { name: "one", places: 1 };

/** A handler whose runs end when they are told to. */
function manual() {
  const begun: string[] = [];
  const enders = new Map<string, () => void>();
  const waiters: { count: number; resolve: () => void }[] = [];
  return {
    begun,
    handler: (runId: string) =>
      new Promise<void>((resolve) => {
        begun.push(runId);
        enders.set(runId, resolve);
        for (const waiter of waiters) if (begun.length >= waiter.count) waiter.resolve();
      }),
    end: (runId: string) => enders.get(runId)!(),
    beginning: (count: number) =>
      new Promise<void>((resolve) => {
        if (begun.length >= count) resolve();
        else waiters.push({ count, resolve });
      }),
  };
}

/** What every queue must do, whatever it is made of. */
export function describeRunQueue(name: string, make: () => Promise<RunQueue>): void {
  describe(`the run queue of ${name}`, () => {
    let queue: RunQueue;
    beforeEach(async () => {
      queue = await make();
    });
    afterEach(() => queue.stop());

    it("hands out in order, one a place", async () => {
      const { handler, begun, end, beginning } = manual();
      queue.start(handler);
      for (const runId of ["a", "b", "c"]) await queue.add({ runId, slot: one });
      await beginning(1);
      expect(begun).toEqual(["a"]);
      expect(await queue.position("a")).toBeNull();
      expect([await queue.position("b"), await queue.position("c")]).toEqual([0, 1]);
      end("a");
      await beginning(2);
      end("b");
      await beginning(3);
      end("c");
      expect(begun).toEqual(["a", "b", "c"]);
    });

    it("keeps slots apart", async () => {
      const { handler, begun, end, beginning } = manual();
      queue.start(handler);
      await queue.add({ runId: "a", slot: one });
      await queue.add({ runId: "b", slot: one });
      await queue.add({ runId: "c", slot: { name: "two", places: 2 } });
      await queue.add({ runId: "d", slot: { name: "two", places: 2 } });
      await beginning(3);
      expect(begun.toSorted()).toEqual(["a", "c", "d"]);
      for (const runId of ["a", "c", "d"]) end(runId);
      await beginning(4);
      end("b");
    });

    it("gives a place up, and lets one in before the others", async () => {
      const { handler, begun, end, beginning } = manual();
      for (const runId of ["a", "b", "c"]) await queue.add({ runId, slot: one });
      await queue.add({ runId: "z", slot: one }, { first: true });
      expect(await queue.remove("b")).toBe(true);
      expect(await queue.remove("b")).toBe(false);
      expect(await queue.size()).toBe(3);
      queue.start(handler);
      for (const [index, runId] of ["z", "a", "c"].entries()) {
        await beginning(index + 1);
        end(runId);
      }
      expect(begun).toEqual(["z", "a", "c"]);
    });

    it("holds a place until its handler has settled, also when it fails", async () => {
      const begun: string[] = [];
      await new Promise<void>((resolve) => {
        queue.start(async (runId) => {
          begun.push(runId);
          if (runId === "b") resolve();
          await Promise.resolve();
        });
        void queue.add({ runId: "a", slot: one });
        void queue.add({ runId: "b", slot: one });
      });
      expect(begun).toEqual(["a", "b"]);
    });

    it("waits at its stop for what is under way, and hands out no more", async () => {
      const { handler, begun, end, beginning } = manual();
      queue.start(handler);
      await queue.add({ runId: "a", slot: one });
      await queue.add({ runId: "b", slot: one });
      await beginning(1);
      const stopped = queue.stop();
      end("a");
      await stopped;
      expect(begun).toEqual(["a"]);
      expect(await queue.position("b")).toBe(0);
    });

    it("hands out each run once, whatever order adds and ends come in", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 20 }),
          fc.integer({ min: 1, max: 3 }),
          async (slots, places) => {
            const each = await make();
            const begun: string[] = [];
            const holding = new Map<number, number>();
            let most = 0;
            const all = new Promise<void>((resolve) => {
              each.start(async (runId) => {
                const slot = slots[Number(runId)]!;
                holding.set(slot, (holding.get(slot) ?? 0) + 1);
                most = Math.max(most, holding.get(slot)!);
                await new Promise((done) => setImmediate(done));
                holding.set(slot, holding.get(slot)! - 1);
                begun.push(runId);
                if (begun.length === slots.length) resolve();
              });
            });
            for (const [index, slot] of slots.entries())
              await each.add({ runId: String(index), slot: { name: `s${slot}`, places } });
            await all;
            await each.stop();
            expect(begun.toSorted()).toEqual(slots.map((_, index) => String(index)).toSorted());
            expect(most).toBeLessThanOrEqual(places);
          },
        ),
        { numRuns: 30 },
      );
    });
  });
}
