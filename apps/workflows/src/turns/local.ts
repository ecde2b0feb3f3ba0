import type { TurnQueue } from "./turn-queue.ts";

/** A queue in this process. */
export function createLocalTurns(places: number): TurnQueue {
  const waiting = new Set<string>();
  const working = new Map<string, Promise<void>>();
  let handOut = () => {};

  function put(ids: readonly string[]): void {
    for (const id of ids) if (!working.has(id)) waiting.add(id);
    handOut();
  }

  return {
    add: async (ids) => put(ids),
    start(take, isLeft) {
      const turn = async (id: string) => {
        // Who takes a turn answers for its own failures; its place is freed either way.
        await take(id).catch(() => undefined);
        working.delete(id);
        handOut();
        if (await isLeft(id)) put([id]);
      };
      handOut = () => {
        for (const id of waiting) {
          if (working.size >= places) return;
          waiting.delete(id);
          working.set(id, turn(id));
        }
      };
      handOut();
    },
    async pause() {
      handOut = () => {};
    },
    async close() {
      await Promise.all(working.values());
    },
  };
}
