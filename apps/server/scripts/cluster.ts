/** What `cluster.sh` starts: see there. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

import { openRoundRobin } from "../test/cluster/round-robin.ts";
import { type ListeningServer, startServerProcess } from "../test/support/server-process.ts";
import { startServices } from "../test/support/services/index.ts";
import { missingPackages } from "../test/support/services/programs.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8765" },
    workers: { type: "string", default: "3" },
  },
});

const missing = missingPackages();
if (missing.length > 0) {
  console.error(
    `Not installed: ${missing.join(", ")}. pnpm services --install takes it from Debian.`,
  );
  process.exit(1);
}

// Ctrl-C may come twice: from the terminal, and from what started this.
const asked = new Promise<void>((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => resolve());
});
const undo: (() => Promise<unknown>)[] = [];
try {
  const directory = await mkdtemp(path.join(tmpdir(), "modly-runs-cluster-"));
  undo.unshift(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }));
  const services = await startServices();
  undo.unshift(services.stop);
  const shared = [
    ...["--database-url", services.database],
    ...["--queue-url", services.queue, "--files-url", services.files],
    ...["--log-level", "warn"],
  ];
  const start = async (role: string, nth: number): Promise<ListeningServer> => {
    const node = await startServerProcess({
      dataDir: path.join(directory, `${role}-${nth}`),
      args: ["--role", role, ...shared, ...(role === "worker" ? ["--test-models"] : [])],
      from: "source",
      stderr: 2,
    });
    undo.unshift(() => node.kill("SIGTERM"));
    return node;
  };
  const many = (role: string, count: number) =>
    Promise.all(Array.from({ length: count }, (_none, nth) => start(role, nth)));
  // One first: it makes the tables, and the others find them.
  const [first, second] = [await start("api", 0), await start("api", 1)];
  const workers = await many("worker", Number(values.workers));
  const together = await openRoundRobin(() => [first.url, second.url], Number(values.port));
  undo.unshift(together.close);

  console.log(`PostgreSQL  ${services.database}
Redis       ${services.queue}
S3          ${services.files}
API nodes   ${first.url} (process ${first.pid})
            ${second.url} (process ${second.pid})
workers     ${workers.map(({ pid }) => `process ${pid}`).join(", ")}
together    ${together.url}
`);
  console.log(`Open ${together.url} for the page, or type in another window:

    npx tsx --conditions=@modly-runs/source apps/cli/src/main.ts run examples/duck.png --api-url ${together.url}
    curl ${together.url}/health
    kill -9 ${workers[0]?.pid}        a worker: what it was at goes on at another

Ctrl-C stops everything, and nothing is left.`);
  await asked;
} catch (cause) {
  console.error(cause instanceof Error ? cause.message : cause);
  process.exitCode = 1;
} finally {
  for (const step of undo) await step();
}
