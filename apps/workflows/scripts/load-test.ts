// Many workflows through the service: how long they take, and what they do to its memory. Needs `pnpm build`.
import { execFileSync } from "node:child_process";
import path from "node:path";
import { parseArgs } from "node:util";

import { startServices } from "../../server/test/support/services/index.ts";
import { api, from, picture, startServer, startService, temporary } from "../test/support.ts";

const { values } = parseArgs({
  options: {
    workflows: { type: "string", default: "500" },
    // Workflows that run or wait at once.
    open: { type: "string", default: "32" },
    // Services on a private PostgreSQL and Redis; one without either if left out.
    nodes: { type: "string" },
  },
});
const total = Number(values.workflows);
const STEPS = 20;

/** 6 pictures, 3 steps for each, a mesh and its figures. */
async function body(number: number) {
  const over = await Promise.all(Array.from({ length: 6 }, (_, at) => picture(number * 6 + at)));
  const resize = (id: string, longest: number, before: string) => ({
    id,
    task_type: "RESIZE",
    config: { longest },
    input_mappings: [from(before, "image")],
  });
  return {
    name: "Load",
    origin_instance: "load-test",
    steps: [
      {
        id: "all",
        task_type: "EACH",
        config: { over },
        steps: [resize("a", 40, "item"), resize("b", 32, "a"), resize("c", 24, "b")],
        outputs: { image: { from_step: "c", from_field: "image" } },
      },
      {
        id: "mesh",
        task_type: "GENERATION",
        config: { model: "test/fingerprint" },
        input_mappings: [{ ...from("all", "image"), transform: "first" }],
      },
      { id: "how", task_type: "MEASURE", input_mappings: [from("mesh")] },
    ],
  };
}

/** MiB of the service and of the processes that do its steps. */
function memoryOf(pid: number): { service: number; hands: number } {
  const rows = execFileSync("ps", ["-A", "-o", "pid=,ppid=,rss="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((row) => row.trim().split(/\s+/).map(Number) as [number, number, number]);
  const mib = (wanted: (row: [number, number, number]) => boolean) =>
    Math.round(rows.filter(wanted).reduce((sum, [, , rss]) => sum + rss, 0) / 1024);
  return { service: mib(([own]) => own === pid), hands: mib(([, parent]) => parent === pid) };
}

const { dir, remove } = await temporary();
const server = await startServer(path.join(dir, "server"));
const services = values.nodes === undefined ? undefined : await startServices();
const args = [
  ...["--server", `main=${server.url}`, "--log-level", "silent", "--workers", "2"],
  ...(services ? ["--database-url", services.database, "--queue-url", services.queue] : []),
];
const nodes = await Promise.all(
  Array.from({ length: Number(values.nodes ?? 1) }, () =>
    startService(path.join(dir, "service"), args),
  ),
);
console.error(`${total} workflows of ${STEPS} steps; a line for each tenth.`);
const clients = nodes.map(({ url }) => api(url));
const began = performance.now();
let next = 0;
let done = 0;
let failed = 0;
try {
  const one = async () => {
    while (next < total) {
      const client = clients[next % clients.length]!;
      const { id } = await client.create(await body(next++));
      const end = await client.ended(id);
      if (end.status !== "COMPLETED" || end.total_steps !== STEPS) failed++;
      if (++done % Math.max(1, Math.round(total / 10)) !== 0) continue;
      const memory = nodes.map(({ child }) => memoryOf(child.pid!));
      const all = (of: "service" | "hands") => memory.map((one) => one[of]).join(" + ");
      const seconds = (performance.now() - began) / 1000;
      console.log(
        `${String(done * STEPS).padStart(6)} steps  ${seconds.toFixed(0).padStart(4)} s  ` +
          `service ${all("service")} MiB  processes of steps ${all("hands")} MiB`,
      );
    }
  };
  await Promise.all(Array.from({ length: Number(values.open) }, one));
  console.log(`${total} workflows, ${total * STEPS} steps, ${failed} not completed`);
} finally {
  await Promise.all(nodes.map((node) => node.stop()));
  await services?.stop();
  await server.stop();
  await remove();
}
process.exitCode = failed === 0 ? 0 : 1;
