import { watchMemory } from "./memory.ts";
import type { FromChild, Talk, ToChild } from "./messages.ts";

/** A child that has grown beyond this part of its bound does not take another order. */
const WORN = 0.5;

/**
 * Makes this process a child that works: one order at a time, told by its parent, gone with its
 * parent, held to the memory that its parent named.
 */
export function serveOrders<T extends Talk>(
  work: (order: T["order"], tell: (news: T["news"]) => void) => Promise<T["made"]>,
): void {
  const most = Number(process.argv[2]);
  const memory = watchMemory(most);
  function send(message: FromChild<T>, then = () => {}): void {
    // When the parent is gone there is nobody to tell, and "disconnect" ends the process.
    process.send?.(message, undefined, undefined, then);
  }
  async function take(order: T["order"]): Promise<void> {
    memory.busy();
    try {
      const made = await work(order, (news) => send({ type: "news", news }));
      const worn = process.memoryUsage.rss() > most * WORN;
      send({ type: "made", made }, () => worn && process.exit());
    } catch (cause) {
      const message = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
      send({ type: "fault", message });
    } finally {
      memory.idle();
    }
  }
  // A signal from the terminal reaches the whole group; when to stop is the parent's decision.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
  process.on("disconnect", () => process.exit());
  process.on("message", ({ order }: ToChild<T>) => void take(order));
  send({ type: "ready" });
}
