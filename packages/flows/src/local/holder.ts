import { randomUUID } from "node:crypto";
import { hostname } from "node:os";

import type { Holder } from "../runner/runner.ts";

/** This process as one who can hold flow runs, and how it knows that another of this machine is gone. */
export function holderHere(): Holder {
  const here = hostname();
  return {
    name: `${here} ${process.pid} ${randomUUID()}`,
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
