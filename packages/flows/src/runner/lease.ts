import type { FlowStore, Wish } from "../ports/flow-store.ts";

/** Who can hold a flow run. */
export interface Holder {
  readonly name: string;
  /** True if another is known to be gone, whatever it promised. */
  isGone(other: string): boolean;
  /** Milliseconds that a sign of life counts; 15,000 if left out. Three are given in that time. */
  readonly lease?: number | undefined;
}

const LEASE = 15_000;
/** How often wishes are looked for, ms. */
const LOOK = 500;

export interface Lease {
  readonly ok: true;
  wish(): Wish | null;
  /** Takes a wish back: it was of the time before. */
  forget(): Promise<void>;
  /** True when somebody else has it. */
  lost(): boolean;
  /** Called when there is a wish, or it was lost. */
  onTold(call: () => void): void;
  release(): Promise<void>;
}

/** Takes a flow run for one holder, so that no two processes run its steps. */
export async function createLease(
  store: FlowStore,
  id: string,
  { name, isGone, lease = LEASE }: Holder,
): Promise<Lease | { ok: false; why: string }> {
  const held = (await store.hold(id))?.hold ?? null;
  if (held && held.left > 0 && !isGone(held.holder))
    return {
      ok: false,
      why: `The flow run ${id} is being run already, by the process ${held.holder.split(" ").slice(0, 2).join(" ")}.`,
    };
  const hold = { holder: name, left: lease };
  const taken = await store.claim(id, held?.holder ?? null, hold);
  if (!taken) return { ok: false, why: `Another process has just taken the flow run ${id}.` };

  let wish: Wish | null = null;
  let lost = false;
  let renewed = Date.now();
  let told = () => {};
  let looking: Promise<void> | undefined;
  const look = async () => {
    const now = Date.now();
    if (now - renewed >= lease / 3) {
      lost ||= !(await store.claim(id, name, hold));
      renewed = now;
    }
    const seen = await store.hold(id);
    lost ||= seen === undefined || seen.hold?.holder !== name;
    const before = wish;
    wish = seen?.wish ?? null;
    if (lost || wish !== before) told();
  };
  await look();
  // A store that does not answer once is asked again; a lease that runs out is lost by itself.
  const timer = setInterval(() => {
    looking ??= look()
      .catch(() => undefined)
      .finally(() => {
        looking = undefined;
      });
  }, LOOK);
  return {
    ok: true,
    wish: () => wish,
    async forget() {
      await store.wish(id, null);
      wish = null;
    },
    lost: () => lost,
    onTold(call) {
      told = call;
    },
    async release() {
      clearInterval(timer);
      await looking;
      if (!lost) await store.claim(id, name, null);
    },
  };
}
