// A process that does the steps of workflows: whatever strangers sent is decoded here, and not where HTTP is answered.
import { createClient } from "@modly-runs/contract/client";
import { holderHere, openLibsqlStore, openObjects } from "@modly-runs/flows/local";
import { publicAnd } from "@modly-runs/flows/outbound";
import { type RunFlow, runFlow } from "@modly-runs/flows/runner";

import { boundMemory } from "./memory.ts";
import type { FromHand, Order, Over, Setup, ToHand } from "./messages.ts";
import { placesIn } from "./places.ts";
import { memoryOf } from "./scoped.ts";

const leave = new AbortController();
const underWay = new Set<Promise<void>>();
let deps: Omit<RunFlow, "memory"> | undefined;
let store: ReturnType<typeof openLibsqlStore> | undefined;

function tell(message: FromHand): void {
  // When the service is gone there is nobody to tell, and "disconnect" ends the process.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

function prepare({ dataDir, providers, networks, patience, pause, memory }: Setup): void {
  boundMemory(memory);
  const places = placesIn(dataDir);
  store = openLibsqlStore(places.flows);
  const clients = new Map(
    providers.map(({ name, url, token }) => [
      name,
      createClient({ baseUrl: url, token: token ?? undefined }),
    ]),
  );
  deps = {
    store,
    objects: openObjects(places.objects),
    holder: holderHere(),
    pause,
    signal: leave.signal,
    world: {
      patience,
      // No workflow can name a secret of the service.
      env: () => undefined,
      reach: publicAnd(networks),
      server: async (name = "") =>
        clients.get(name) ?? `The provider ${name} is no longer one of this service.`,
    },
  };
}

async function work({ id, tenant, resume }: Order): Promise<void> {
  const over = await runFlow(id, {
    ...deps!,
    memory: memoryOf(store!, tenant),
    resume,
    onSeen(seen) {
      if (seen.type !== "step") return;
      const { step, state } = seen.row;
      tell({ type: "seen", seen: { id, step, status: state.status, attempt: state.attempt } });
    },
  }).then(
    (outcome): Over =>
      outcome.ok ? { ok: true, status: outcome.status } : { ...outcome, broke: false },
    (cause: unknown): Over => ({
      ok: false,
      why: String((cause as Error).stack ?? cause),
      broke: true,
    }),
  );
  tell({ type: "over", id, over });
}

async function go(): Promise<void> {
  leave.abort();
  await Promise.all(underWay);
  store?.close();
  process.disconnect?.();
}

process.on("message", (message: ToHand) => {
  if (message.type === "setup") prepare(message.setup);
  else if (message.type === "leave") go().catch(() => process.exit(1));
  else {
    const working = work(message.order).finally(() => underWay.delete(working));
    underWay.add(working);
  }
});
// A signal from the terminal reaches the whole group; when to stop is the service's decision.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
// What was under way is recorded as begun: the next service begins the same attempts again.
process.on("disconnect", () => process.exit());
