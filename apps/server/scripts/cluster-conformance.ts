/**
 * The whole core of the suite against two API nodes in turn with three workers, once for each way to
 * keep the queue and the files. Starts what it needs and removes it: `pnpm cluster-conformance`.
 */
import { checkCluster, unmet } from "../test/cluster/conformance.ts";
import { startServices } from "../test/support/services/index.ts";

const services = await startServices();
const SETTINGS = [
  { name: "PostgreSQL, Redis, S3", queue: "redis", filesUrl: services.files },
  { name: "PostgreSQL, Redis, a directory", queue: "redis" },
  { name: "PostgreSQL alone, a directory", queue: "postgres" },
] as const;

try {
  for (const { name, ...settings } of SETTINGS) {
    console.error(`The whole core on ${name} ...`);
    const verdicts = await checkCluster(services, settings);
    const passed = verdicts.filter(({ status }) => status === "pass").length;
    const bad = unmet(verdicts);
    console.log(`${name}: ${verdicts.length} checks, ${passed} passed, ${bad.length} unmet`);
    for (const { id, status, observed } of bad) console.log(`  ${id} ${status}: ${observed}`);
    if (bad.some(({ status }) => status !== "warn")) process.exitCode = 1;
  }
} finally {
  await services.stop();
}
