import { hostname } from "node:os";

import type { Holder } from "../runner/runner.ts";

/**
 * This process as one who can hold flow runs, and how it knows that another one is gone.
 *
 * @param here names those whose process numbers can be asked for: the ones of this machine, if left out
 */
export function holderHere(here = hostname()): Holder {
  return {
    name: `${here} ${process.pid}`,
    isGone(other) {
      const [host, pid] = other.split(" ");
      return host === here && !isAlive(Number(pid));
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    // There is one, of somebody else.
    return (cause as NodeJS.ErrnoException).code === "EPERM";
  }
}
