import { type Child, type ChildProgram, type Death, startChild } from "./child.ts";
import type { Talk } from "./messages.ts";

/** Work that takes so long gets a spare beside it, ms; sooner, the spare's start would take the processor from it. */
const SPARE_AFTER_MS = 1000;

export interface PoolOptions {
  readonly program: ChildProgram;
  /** How many work at once. */
  readonly places: number;
  /** Has one more ready beside long work, so that the next order does not wait for a process to start. */
  readonly spare: boolean;
  /** A child that has waited so long for work is let go, ms; for ever where it is left out. */
  readonly idleMs?: number;
  /** Hears of a child that died over an order. */
  readonly onDeath?: (death: Death) => void;
}

/** What became of an order. */
export type Outcome<Made> =
  | { readonly kind: "made"; readonly made: Made }
  | { readonly kind: "died"; readonly death: Death }
  /** The signal fired, or the pool was closed. */
  | { readonly kind: "stopped" };

/** Child processes that are kept warm. */
export interface Pool<T extends Talk> {
  /** Starts a child if none is waiting, so that the next order finds one. */
  warm(): void;
  /** Has an order worked on in a child of its own; an abort kills it. Rejects if its code throws. */
  run(
    order: T["order"],
    signal: AbortSignal,
    hear: (news: T["news"]) => void,
  ): Promise<Outcome<T["made"]>>;
  /** Kills every child and waits until all are gone. */
  close(): Promise<void>;
}

/** At most `places` children work or wait, and with `spare` one more. Callers keep to the places. */
export function createPool<T extends Talk>(options: PoolOptions): Pool<T> {
  type Kid = Child<T>;
  const { program, places, spare, idleMs, onDeath } = options;
  const all = new Set<Kid>();
  const idle: Kid[] = [];
  const letGo = new Map<Kid, NodeJS.Timeout>();
  let closed = false;

  function start(): Kid {
    const child: Kid = startChild(program);
    all.add(child);
    const forget = () => {
      all.delete(child);
      letGo.delete(child);
      if (idle.includes(child)) idle.splice(idle.indexOf(child), 1);
    };
    child.gone.then(forget, forget);
    return child;
  }

  function warm(): void {
    if (!closed && idle.length === 0 && all.size <= places) idle.unshift(start());
  }

  function rest(child: Kid): void {
    idle.push(child);
    if (idleMs !== undefined) letGo.set(child, setTimeout(child.kill, idleMs).unref());
  }
  /** The one that worked last: its code is compiled. */
  function wake(): Kid | undefined {
    const child = idle.pop();
    if (child) clearTimeout(letGo.get(child));
    return child;
  }

  async function runIn(
    child: Kid,
    order: T["order"],
    signal: AbortSignal,
    hear: (news: T["news"]) => void,
  ): Promise<{ made: T["made"] } | { died: Death }> {
    const soon = spare ? setTimeout(warm, SPARE_AFTER_MS).unref() : undefined;
    signal.addEventListener("abort", child.kill, { once: true });
    try {
      const end = await child.work(order, hear);
      if ("made" in end && !closed && !signal.aborted) rest(child);
      return end;
    } catch (fault) {
      // The code threw, the process is sound; but nobody knows what it left behind.
      child.kill();
      throw fault;
    } finally {
      clearTimeout(soon);
      signal.removeEventListener("abort", child.kill);
    }
  }

  return {
    warm,
    async run(order, signal, hear) {
      let begun = false;
      const listen = (news: T["news"]): void => {
        begun = true;
        hear(news);
      };
      const stopped = (): boolean => closed || signal.aborted;
      while (!stopped()) {
        const waiting = wake();
        const end = await runIn(waiting ?? start(), order, signal, listen);
        if ("made" in end) return { kind: "made", made: end.made };
        // One that died while it waited has cost nobody anything yet.
        const again = waiting !== undefined && !begun && end.died.of === "unknown";
        if (stopped() || again) continue;
        onDeath?.(end.died);
        return { kind: "died", death: end.died };
      }
      return { kind: "stopped" };
    },
    async close() {
      closed = true;
      const gone = [...all].map((child) => child.gone);
      for (const child of all) child.kill();
      await Promise.all(gone);
    },
  };
}
