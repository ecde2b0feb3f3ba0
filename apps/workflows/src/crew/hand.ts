// A process that does the steps of workflows: whatever strangers sent is decoded here, and not where HTTP is answered.
import { createClient } from "@modly-runs/contract/client";
import { holderHere, openLibsqlStore, openObjects } from "@modly-runs/flows/local";
import { publicAnd } from "@modly-runs/flows/outbound";
import type { FlowStore, Memory } from "@modly-runs/flows/ports";
import { type Holder, type RunFlow, runFlow } from "@modly-runs/flows/runner";

import { mayPass } from "../passing.ts";
import { bound } from "./bounds.ts";
import type { FromHand, Order, Over, Setup, ToHand } from "./messages.ts";
import { memoryOf } from "./scoped.ts";

const leave = new AbortController();
const underWay = new Set<Promise<void>>();

/** What every order is carried out with. */
interface Ready {
  readonly deps: Omit<RunFlow, "memory">;
  readonly store: FlowStore & Memory & { close(): void | Promise<void> };
}
let ready: Promise<Ready> | undefined;

/** Milliseconds that a sign of life counts where nobody else can tell whether this process is gone. */
const SHARED_LEASE = 8000;

function tell(message: FromHand): void {
  // When the service is gone there is nobody to tell, and "disconnect" ends the process.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

async function openStore(flows: Setup["flows"]): Promise<Ready["store"]> {
  if ("file" in flows) return openLibsqlStore(flows.file);
  const { openPostgresFlows } = await import("../stores/postgres.ts");
  return openPostgresFlows(flows.database);
}

/** The numbers of processes say nothing about those of another node. */
const holderOf = (flows: Setup["flows"]): Holder =>
  "file" in flows ? holderHere() : { ...holderHere(flows.node), lease: SHARED_LEASE };

async function prepare(setup: Setup): Promise<Ready> {
  const { flows, objects, providers, networks, patience, pause, memory, busy } = setup;
  bound(memory, busy);
  const store = await openStore(flows);
  const clients = new Map(
    providers.map(({ name, url, token }) => [
      name,
      createClient({ baseUrl: url, token: token ?? undefined }),
    ]),
  );
  const deps = {
    store,
    objects: openObjects(objects),
    holder: holderOf(flows),
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
  return { deps, store };
}

async function work({ id, tenant, resume }: Order): Promise<void> {
  const { deps, store } = await ready!;
  const over = await runFlow(id, {
    ...deps,
    memory: memoryOf(store, tenant),
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
      // A store that is away or has no room is nobody's fault: what was begun is gone on with later.
      broke: !mayPass(cause),
    }),
  );
  tell({ type: "over", id, over });
}

async function go(): Promise<void> {
  leave.abort();
  await Promise.all(underWay);
  await (await ready)?.store.close();
  process.disconnect?.();
}

process.on("message", (message: ToHand) => {
  if (message.type === "setup") {
    ready = prepare(message.setup);
    // Of no use as it is: its end tells why.
    ready.catch((cause: unknown) => {
      process.stderr.write(`${String((cause as Error).stack ?? cause)}\n`, () => process.exit(1));
    });
  } else if (message.type === "leave") go().catch(() => process.exit(1));
  else {
    const working = work(message.order).finally(() => underWay.delete(working));
    underWay.add(working);
  }
});
// A signal from the terminal reaches the whole group; when to stop is the service's decision.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
// What was under way is recorded as begun: the next service begins the same attempts again.
process.on("disconnect", () => process.exit());
