import { setTimeout as delay } from "node:timers/promises";

import type { Times } from "./times.ts";

/** Waits, or returns early when the signal fires. The caller looks at the signal. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => undefined);
}

/** The next wait between two polls: half as long again, up to the slowest. */
export function slower(wait: number, times: Times): number {
  return Math.min(wait * 1.5, times.slowestPoll);
}
