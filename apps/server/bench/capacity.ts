/**
 * How many workers a day of runs needs: a model of queue, GPU seconds and retention. First it is held
 * against real workers (PostgreSQL, Redis and S3 are started for that), then it goes on to a million
 * runs a day: `pnpm capacity [--runs 200] [--workers 3] [--only model]`.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";

import { StrictRun } from "@modly-runs/contract";
import { createClient } from "@modly-runs/contract/client";

import { randomFrom } from "../test/storms/random.ts";
import { picture } from "../test/support/pictures.ts";
import { startServerProcess } from "../test/support/server-process.ts";
import { startServices } from "../test/support/services/index.ts";
import { type Day, DAY_MS, loadOf } from "./capacity/load.ts";
import { mostKept, type Plant, simulate } from "./capacity/simulate.ts";
import { percentile } from "./row.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "200" },
    workers: { type: "string", default: "3" },
    only: { type: "string" },
  },
});

/** Runs at once on one worker while it is measured. */
const PLACES_EACH = 2;
/** Of all that the places could work, how much they get while it is measured. */
const UTILISATION = 0.7;
const WORK_MS = 1000;

const mean = (numbers: readonly number[]) =>
  numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
const seconds = (ms: number) => (ms / 1000).toFixed(ms < 10_000 ? 2 : 0);

interface Times {
  readonly created: number;
  readonly started: number;
  readonly finished: number;
}

/** Gives what measures one run of so many ms: its times, once it has ended. */
async function withWorkers(
  count: number,
  work: (runOf: (workMs: number) => Promise<Times>) => Promise<void>,
): Promise<void> {
  const services = await startServices();
  const directory = await mkdtemp(path.join(tmpdir(), "modly-runs-capacity-"));
  const start = (role: string) =>
    startServerProcess({
      dataDir: path.join(directory, `${role}-${Math.random()}`),
      args: [
        ...["--role", role, "--database-url", services.database, "--queue-url", services.queue],
        ...["--files-url", services.files, "--test-models", "--without-builtin"],
        ...["--workers", String(PLACES_EACH), "--max-uploads", "1000"],
      ],
    });
  const nodes = [await start("api")];
  try {
    for (let nth = 0; nth < count; nth++) nodes.push(await start("worker"));
    const client = createClient({ baseUrl: nodes[0]!.url });
    await work(async (workMs) => {
      const params = { steps: 1, step_ms: workMs };
      const created = await client.create({ image: picture(), modelId: "test/steps", params });
      if (!created.ok) throw new Error(created.failure.message);
      let last: Times | undefined;
      for await (const run of client.watch(created.value.run_id)) {
        if (!run.ok) throw new Error(run.failure.message);
        const { created_at, started_at, finished_at, error } = StrictRun.parse(run.value);
        if (error !== null) throw new Error(error);
        if (started_at !== null && finished_at !== null)
          last = {
            created: Date.parse(created_at),
            started: Date.parse(started_at),
            finished: Date.parse(finished_at),
          };
      }
      if (!last) throw new Error("a run never ended");
      return last;
    });
  } finally {
    await Promise.all(nodes.map((node) => node.kill("SIGTERM")));
    await services.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

const atWork = ({ started, finished }: Times) => finished - started;

/** What a run takes of a place beside its work: alone, and when the next one waits for the place already. */
async function plantOf(places: number, runOf: (workMs: number) => Promise<Times>): Promise<Plant> {
  // The first ones find nothing warm.
  for (let nth = 0; nth < places * 2; nth++) await runOf(1);
  const alone: Times[] = [];
  for (let nth = 0; nth < 12; nth++) alone.push(await runOf(1));
  const beginMs = mean(alone.map(({ created, started }) => started - created));
  const burst = await Promise.all(Array.from({ length: places * 12 }, () => runOf(WORK_MS)));
  const tookMs =
    Math.max(...burst.map(({ finished }) => finished)) -
    Math.min(...burst.map(({ started }) => started));
  const takenMs = (places * tookMs) / burst.length;
  return { places, beginMs, endMs: Math.max(0, takenMs - beginMs - mean(burst.map(atWork))) };
}

async function compare(workers: number): Promise<void> {
  await withWorkers(workers, async (runOf) => {
    const places = workers * PLACES_EACH;
    const plant = await plantOf(places, runOf);
    const random = randomFrom(1);
    const between = () => -Math.log(1 - random());
    const asked = Array.from({ length: Number(values.runs) }, () => ({
      after: (between() * WORK_MS) / (places * UTILISATION),
      workMs: Math.max(1, Math.round(between() * WORK_MS)),
    }));
    console.error(`${asked.length} runs come at random to ${workers} workers ...`);
    const measured: Promise<Times>[] = [];
    for (const { after, workMs } of asked) {
      await wait(after);
      measured.push(runOf(workMs));
    }
    const times = await Promise.all(measured);
    // As they were created, not as they were meant to be: the client's own delays are nobody's wait.
    const order = times.toSorted((a, b) => a.created - b.created);
    const load = {
      arrivals: order.map(({ created }) => created - order[0]!.created),
      workMs: order.map(atWork),
    };
    const { runs } = simulate(load, plant);
    const rows: readonly (readonly [string, readonly number[], readonly number[]])[] = [
      [
        "until it begins",
        order.map(({ created, started }) => started - created),
        runs.map(({ arrivedAt, beganAt }) => beganAt - arrivedAt),
      ],
      [
        "until it has ended",
        order.map(({ created, finished }) => finished - created),
        runs.map(({ arrivedAt, endedAt }) => endedAt - arrivedAt),
      ],
    ];
    console.log(
      `${order.length} runs of ${WORK_MS} ms on average, ${workers} workers with ${PLACES_EACH} places each;`,
      `beside its work a run takes a place for ${plant.beginMs.toFixed(0)} ms before and ${plant.endMs.toFixed(0)} ms after\n`,
    );
    console.log("| | measured, mean | model | measured, p95 | model |\n|---|---|---|---|---|");
    for (const [name, real, model] of rows)
      console.log(
        `| ${name} | ${seconds(mean(real))} s | ${seconds(mean(model))} s | ${seconds(percentile(real, 95))} s | ${seconds(percentile(model, 95))} s |`,
      );
  });
}

/** What is assumed of a day; every one of them stands in docs/more-than-one-machine.md. */
const ASSUMED = { peak: 2, workMs: 30_000, spread: 0.5 } as const;
const PLANT = { beginMs: 50, endMs: 200 };
const MESH_BYTES = 5 * 1024 ** 2;
const KEEP_DAYS = 30;
/** So long may 95 of 100 runs wait at most, ms. */
const WAIT_MS = 60_000;
/** Changes of a row beside its progress, which is stored four times a second. */
const CHANGES = 6;
const PROGRESS_A_SECOND = 4;

/** The fewest places with which the day goes as it should. */
function placesFor(day: Day) {
  const load = loadOf(day, randomFrom(1));
  const taken = (ASSUMED.workMs + PLANT.beginMs + PLANT.endMs) / DAY_MS;
  for (let places = Math.ceil(day.runs * taken); ; places = Math.ceil(places * 1.02) + 1) {
    const simulated = simulate(load, { ...PLANT, places });
    const waits = simulated.runs.map(({ arrivedAt, beganAt }) => beganAt - arrivedAt);
    if (percentile(waits, 95) <= WAIT_MS) return { places, simulated, waits };
  }
}

function scale(): void {
  console.log(
    "\n| runs a day | GPUs | taken | wait, median | p95 | most waiting | meshes of 30 days | changes a second, peak |\n|---|---|---|---|---|---|---|---|",
  );
  for (const runs of [1000, 10_000, 100_000, 1_000_000]) {
    const { places, simulated, waits } = placesFor({ ...ASSUMED, runs });
    const peak = (runs * ASSUMED.peak) / 86_400;
    const changes = peak * (CHANGES + (PROGRESS_A_SECOND * ASSUMED.workMs) / 1000);
    const cells = [
      runs.toLocaleString("en"),
      places,
      `${Math.round(100 * simulated.utilisation)} %`,
      `${seconds(percentile(waits, 50))} s`,
      `${seconds(percentile(waits, 95))} s`,
      simulated.mostWaiting,
      `${((KEEP_DAYS * mostKept(simulated, DAY_MS, MESH_BYTES).bytes) / 1024 ** 4).toFixed(2)} TiB`,
      Math.round(changes).toLocaleString("en"),
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
}

if (values.only !== "model") await compare(Number(values.workers));
scale();
