import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Slot } from "../../src/generators/generator.ts";
import type { RunQueue } from "../../src/queues/run-queue.ts";

const one = { name: "one", places: 1 };
const two = { name: "two", places: 2 };

/** A run of the one model that takes places of a slot. */
const inSlot = (runId: string, slot: Slot) => ({ runId, modelId: `m/${slot.name}`, slot });
const keyOf = (runId: string, slot = one) => ({ runId, modelId: `m/${slot.name}` });
/** The models that all these tests work on. */
const modelsOf = (...slots: readonly Slot[]) => {
  const models = slots.map((slot) => ({ modelId: `m/${slot.name}`, slot }));
  return async () => models;
};
const ofBoth = modelsOf(one, two);

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
export function describeRunQueue(
  name: string,
  make: () => Promise<RunQueue>,
  { tries = 30 }: { tries?: number } = {},
): void {
  describe(`the run queue of ${name}`, () => {
    let queue: RunQueue;
    beforeEach(async () => {
      queue = await make();
    });
    afterEach(async () => {
      await queue.stop();
      await queue.close();
    });

    it("hands out in order, one a place", async () => {
      const { handler, begun, end, beginning } = manual();
      queue.start(handler, ofBoth);
      for (const runId of ["a", "b", "c"]) await queue.add(inSlot(runId, one));
      await beginning(1);
      expect(begun).toEqual(["a"]);
      expect(await queue.position(keyOf("a"))).toBeNull();
      expect([await queue.position(keyOf("b")), await queue.position(keyOf("c"))]).toEqual([0, 1]);
      end("a");
      await beginning(2);
      end("b");
      await beginning(3);
      end("c");
      expect(begun).toEqual(["a", "b", "c"]);
    });

    it("keeps slots apart", async () => {
      const { handler, begun, end, beginning } = manual();
      queue.start(handler, ofBoth);
      await queue.add(inSlot("a", one));
      await queue.add(inSlot("b", one));
      await queue.add(inSlot("c", two));
      await queue.add(inSlot("d", two));
      await beginning(3);
      expect(begun.toSorted()).toEqual(["a", "c", "d"]);
      for (const runId of ["a", "c", "d"]) end(runId);
      await beginning(4);
      end("b");
    });

    it("shares the places of a slot among all models that take them", async () => {
      const { handler, begun, end, beginning } = manual();
      const models = ["m/a", "m/b"].map((modelId) => ({ modelId, slot: one }));
      for (const { modelId, slot } of models)
        for (const n of [1, 2]) await queue.add({ runId: `${modelId.at(-1)}${n}`, modelId, slot });
      queue.start(handler, async () => models);
      for (let count = 1; count <= 4; count++) {
        await beginning(count);
        expect(begun).toHaveLength(count);
        end(begun.at(-1)!);
      }
      expect(begun.toSorted()).toEqual(["a1", "a2", "b1", "b2"]);
      // Of one model, in order.
      for (const model of ["a", "b"])
        expect(begun.filter((runId) => runId.startsWith(model))).toEqual([
          `${model}1`,
          `${model}2`,
        ]);
    });

    it("takes no run in twice that waits already", async () => {
      const { handler, begun, end, beginning } = manual();
      for (const runId of ["a", "b", "a"]) await queue.add(inSlot(runId, one));
      expect(await queue.size()).toBe(2);
      expect(await queue.position(keyOf("a"))).toBe(0);
      queue.start(handler, ofBoth);
      for (const count of [1, 2]) {
        await beginning(count);
        end(begun.at(-1)!);
      }
      await queue.stop();
      expect(begun).toEqual(["a", "b"]);
    });

    it("gives a place up, and lets one in before the others", async () => {
      const { handler, begun, end, beginning } = manual();
      for (const runId of ["a", "b", "c"]) await queue.add(inSlot(runId, one));
      await queue.add(inSlot("z", one), { first: true });
      expect(await queue.remove(keyOf("b"))).toBe(true);
      expect(await queue.remove(keyOf("b"))).toBe(false);
      expect(await queue.size()).toBe(3);
      queue.start(handler, ofBoth);
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
        }, ofBoth);
        void queue.add(inSlot("a", one));
        void queue.add(inSlot("b", one));
      });
      expect(begun).toEqual(["a", "b"]);
    });

    it("waits at its stop for what is under way, and hands out no more", async () => {
      const { handler, begun, end, beginning } = manual();
      queue.start(handler, ofBoth);
      await queue.add(inSlot("a", one));
      await queue.add(inSlot("b", one));
      await beginning(1);
      const stopped = queue.stop();
      end("a");
      await stopped;
      expect(begun).toEqual(["a"]);
      expect(await queue.position(keyOf("b"))).toBe(0);
    });

    it("hands out each run once, whatever order adds and ends come in", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 20 }),
          fc.integer({ min: 1, max: 3 }),
          async (slots, places) => {
            const each = await make();
            const names = [...new Set(slots)].map((slot) => ({ name: `s${slot}`, places }));
            const begun: string[] = [];
            const holding = new Map<number, number>();
            let most = 0;
            const all = new Promise<void>((resolve) => {
              each.start(
                async (runId) => {
                  const slot = slots[Number(runId.slice(1))]!;
                  holding.set(slot, (holding.get(slot) ?? 0) + 1);
                  most = Math.max(most, holding.get(slot)!);
                  await new Promise((done) => setImmediate(done));
                  holding.set(slot, holding.get(slot)! - 1);
                  begun.push(runId);
                  if (begun.length === slots.length) resolve();
                },
                modelsOf(...names),
              );
            });
            for (const [index, slot] of slots.entries())
              await each.add(inSlot(`r${index}`, { name: `s${slot}`, places }));
            await all;
            await each.stop();
            await each.close();
            expect(begun.toSorted()).toEqual(slots.map((_, index) => `r${index}`).toSorted());
            expect(most).toBeLessThanOrEqual(places);
          },
        ),
        { numRuns: tries },
      );
    });
  });
}
