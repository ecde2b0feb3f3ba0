/**
 * What more processes bring on this machine, and how fast a change reaches a watcher at another node:
 * `pnpm bench:cluster`. Starts what it needs and removes it.
 */
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";

import type { RunStore } from "../src/stores/run-store.ts";
import { openPostgres } from "../src/stores/postgres.ts";
import { createAt, makeCluster, readAt } from "../test/cluster/cluster.ts";
import { databaseForTest } from "../test/support/database.ts";
import type { ListeningServer } from "../test/support/server-process.ts";
import { type Services, startServices } from "../test/support/services/index.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "300" },
    reads: { type: "string", default: "6000" },
    changes: { type: "string", default: "400" },
  },
});
const [RUNS, READS, CHANGES] = [values.runs, values.reads, values.changes].map(Number) as [
  number,
  number,
  number,
];
/** So many clients ask at once. */
const CLIENTS = 16;

/** Does something so often, as many at once as there are clients; gives how often a second. */
async function rate(times: number, work: (nth: number) => Promise<unknown>): Promise<number> {
  let next = 0;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      while (next < times) await work(next++);
    }),
  );
  return (times * 1000) / (performance.now() - began);
}

async function untilEmpty(query: (sql: string) => Promise<unknown[]>, sql: string): Promise<void> {
  while ((await query(sql)).length > 0) await wait(10);
}

/** Runs of no work a second, once all of them wait, through so many workers. */
async function throughput(
  services: Services,
  queue: "redis" | "postgres",
  workers: number,
): Promise<number> {
  const cluster = await makeCluster(services, { queue });
  try {
    const api = await cluster.start("api");
    for (let nth = 0; nth < workers; nth++) await cluster.start("worker", ["--workers", "1"]);
    // Every place is held until all runs wait.
    const held: string[] = [];
    for (let nth = 0; nth < workers; nth++) {
      held.push(await createAt(api, { steps: 1, step_ms: 600_000 }));
      while ((await readAt(api, held[nth]!)).status !== "running") await wait(10);
    }
    await rate(RUNS, () => createAt(api, { steps: 1, step_ms: 0 }));
    const began = performance.now();
    for (const runId of held)
      await fetch(`${api.url}/workflow-runs/${runId}/cancel`, { method: "POST" });
    await untilEmpty(
      cluster.database.query,
      `select 1 from ${cluster.database.schema}.runs where finished_at is null limit 1`,
    );
    const seconds = (performance.now() - began) / 1000;
    const [{ n = 0 } = {}] = (await cluster.database.query(
      `select count(*)::int as n from ${cluster.database.schema}.runs where status = 'done'`,
    )) as { n?: number }[];
    if (n !== RUNS) throw new Error(`${n} of ${RUNS} are done`);
    return RUNS / seconds;
  } finally {
    await cluster.remove();
  }
}

/** Reads of an ended run a second, through each of these servers in turn. */
async function readRate(nodes: readonly ListeningServer[], runId: string): Promise<number> {
  return rate(READS, async (nth) => {
    const { url } = nodes[nth % nodes.length]!;
    await (await fetch(`${url}/workflow-runs/${runId}`)).text();
  });
}

const quantile = (sorted: readonly number[], part: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;

/** Milliseconds from the begin of a change at one node until a watcher at another is told of it. */
async function latency(database: string): Promise<readonly number[]> {
  const place = await databaseForTest(database);
  const stores: RunStore[] = [];
  for (const self of ["a", "b"]) stores.push((await openPostgres(place.url, self)).store);
  const [here, there] = stores as [RunStore, RunStore];
  try {
    const created = await here.create(
      {
        ...{ runId: "r", modelId: "m", collection: "c", params: {}, upload: "u" },
        ...{ createdAt: 0, idempotency: null },
      },
      10,
    );
    if (created.kind !== "created") throw new Error(created.kind);
    let { row } = created;
    let told = () => {};
    there.watch("r", () => told());
    const took: number[] = [];
    for (let progress = 0; progress < CHANGES; progress++) {
      const heard = new Promise<void>((resolve) => (told = resolve));
      const began = performance.now();
      row = (await here.change(row, { progress: progress % 100 }))!;
      await heard;
      took.push(performance.now() - began);
    }
    return took.toSorted((a, b) => a - b);
  } finally {
    for (const store of stores) await store.close();
    await place.drop();
  }
}

const services = await startServices();
try {
  console.log(`Runs of no work, ${RUNS} of them, one place in each worker`);
  for (const queue of ["redis", "postgres"] as const) {
    const rates: number[] = [];
    for (const workers of [1, 2, 3]) rates.push(await throughput(services, queue, workers));
    console.log(
      `  queue on ${queue}: ${rates.map((each) => `${each.toFixed(0)}/s`).join(", ")} through 1, 2, 3 workers; ${rates.map((each) => (each / rates[0]!).toFixed(2)).join(" : ")}`,
    );
  }

  const cluster = await makeCluster(services);
  try {
    const nodes = [await cluster.start("api"), await cluster.start("api")];
    await cluster.start("worker");
    const runId = await createAt(nodes[0]!, { steps: 1, step_ms: 0 });
    const one = await readRate(nodes.slice(0, 1), runId);
    const two = await readRate(nodes, runId);
    console.log(
      `Reads: ${one.toFixed(0)}/s through 1 API node, ${two.toFixed(0)}/s through 2 (${(two / one).toFixed(2)} times)`,
    );
  } finally {
    await cluster.remove();
  }

  const took = await latency(services.database);
  console.log(
    `Change until another node's watcher knows: median ${quantile(took, 0.5).toFixed(1)} ms, 99 of 100 within ${quantile(took, 0.99).toFixed(1)} ms, longest ${took.at(-1)?.toFixed(1)} ms`,
  );
} finally {
  await services.stop();
}
