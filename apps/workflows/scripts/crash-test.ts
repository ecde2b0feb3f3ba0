/**
 * The long form of the crash test of the service. Needs what is built: `pnpm build`.
 *
 *     pnpm workflows-crash-test --kills 30 --pictures 20
 *     pnpm workflows-crash-test --kills 20 --nodes 3        on a private PostgreSQL and Redis
 *     ... --nodes 3 --database-url postgres://...           jobs and all in that database; or --queue-url
 */
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";

import { databaseForTest } from "../../server/test/support/database.ts";
import { startServices } from "../../server/test/support/services/index.ts";
import { crashTest } from "../test/crash/harness.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "30" },
    pictures: { type: "string", default: "20" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    nodes: { type: "string", default: "1" },
    "database-url": { type: "string" },
    "queue-url": { type: "string" },
  },
});
const nodes = Number(values.nodes);
const given = values["database-url"];
const services = nodes > 1 && given === undefined ? await startServices() : undefined;
const address = given ?? services?.database;
const database = address === undefined ? undefined : await databaseForTest(address);

/** A queue of its own, also where others use the same Redis. */
function queueOf(): string | undefined {
  const queue = values["queue-url"] ?? services?.queue;
  if (!queue?.startsWith("redis")) return queue;
  const url = new URL(queue);
  url.searchParams.set("prefix", randomUUID());
  return url.href;
}

const began = performance.now();
async function run() {
  try {
    return await crashTest({
      kills: Number(values.kills),
      pictures: Number(values.pictures),
      seed: Number(values.seed),
      stepMs: 400,
      shared: database && { nodes, database: database.url, queue: queueOf() },
    });
  } finally {
    await database?.drop();
    await services?.stop();
  }
}
console.error(`Up to ${values.kills} kills; what came of them is told at the end.`);
const report = await run();
const { service, servers, all } = report.kills;
const seconds = Math.round((performance.now() - began) / 1000);
console.log(
  `seed ${values.seed}: ${service + servers + all} kills (${service} of ${database ? "a node" : "the service"}, ${servers} of a server, ${all} of both) in ${seconds} s`,
);
console.log(`${report.rounds} workflows, ${report.steps} steps`);
const { away } = report;
if (away.length > 0)
  console.log(
    `taken up by another node after ${Math.min(...away).toFixed(1)} to ${Math.max(...away).toFixed(1)} s`,
  );
console.log(`workflows that were lost: ${report.lost.length}`, ...report.lost);
console.log(
  `steps done more than once: ${report.repeated.length + report.surplusRuns}`,
  ...report.repeated,
);
console.log(`outputs unlike the undisturbed ones: ${report.differing.length}`, ...report.differing);
const wrong = report.lost.length + report.repeated.length + report.differing.length;
process.exitCode = wrong + report.surplusRuns === 0 ? 0 : 1;
