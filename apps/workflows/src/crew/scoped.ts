import type { Memory } from "@modly-runs/flows/ports";

/** The name of a workflow's flow: what a locked step remembers is its tenant's. */
export const flowNameOf = (tenant: string, name: string): string => JSON.stringify([tenant, name]);

/** What was made before, for one tenant: nobody learns from a quick answer what another has made. */
export function memoryOf(memory: Memory, tenant: string): Memory {
  const own = (key: string) => (tenant === "" ? key : `${key} ${tenant}`);
  return {
    made: (key) => memory.made(own(key)),
    keep: (key, flowRun, outputs) => memory.keep(own(key), flowRun, outputs),
    locked: (flow, mark) => memory.locked(flow, mark),
    used: () => memory.used(),
  };
}
