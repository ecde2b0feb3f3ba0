import { spawnSync } from "node:child_process";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import Database from "libsql";
import pg from "pg";

import type { Workflow } from "../../src/index.ts";
import {
  api,
  from,
  picture,
  startServer,
  type Started,
  startService,
  temporary,
  until,
} from "../support.ts";

export interface CrashOptions {
  readonly kills: number;
  readonly pictures: number;
  readonly seed: number;
  /** Milliseconds that a model takes; kills come within three times that. */
  readonly stepMs: number;
  /** Several services on one database, and on the queue where one is named; one with its own files if left out. */
  readonly shared?:
    | { readonly nodes: number; readonly database: string; readonly queue?: string | undefined }
    | undefined;
}

/** What was killed, and what must be nothing. */
export interface CrashReport {
  readonly kills: { service: number; servers: number; all: number };
  rounds: number;
  steps: number;
  /** Seconds from the death of a node to somebody else who is at its work. */
  readonly away: number[];
  /** Workflows that did not end COMPLETED, and why. */
  readonly lost: string[];
  /** Steps that took more attempts than undisturbed. */
  readonly repeated: string[];
  /** Outputs that are missing or have other bytes than undisturbed. */
  readonly differing: string[];
  /** Runs on the servers beyond one for each attempt. */
  surplusRuns: number;
}

/** A locked step, a model that fails and its fallback on another server, EACH, and a join. */
async function body(set: number, pictures: number, stepMs: number) {
  const over = await Promise.all(
    Array.from({ length: pictures }, (_, at) => picture(set * 256 + at)),
  );
  return {
    name: "Crash",
    origin_instance: "crash-test",
    steps: [
      {
        id: "kept",
        task_type: "GENERATION",
        config: { model: "test/fingerprint", image: over[0] },
        provider_config: { provider_type: "a" },
        locked: true,
      },
      {
        id: "all",
        task_type: "EACH",
        config: { over },
        steps: [
          {
            id: "small",
            task_type: "RESIZE",
            config: { longest: 32 },
            input_mappings: [from("item", "image")],
          },
          {
            id: "mesh",
            task_type: "GENERATION",
            provider_config: { provider_type: "a", model: "test/fail", params: { step_ms: 100 } },
            fallback_provider_type: "b",
            fallback_provider_config: { model: "test/fingerprint", params: { step_ms: stepMs } },
            input_mappings: [from("small", "image")],
          },
        ],
        outputs: { mesh: { from_step: "mesh", from_field: "mesh" } },
      },
      {
        id: "join",
        task_type: "MERGE",
        input_mappings: [from("kept", "mesh", "meshes"), from("all", "mesh", "meshes")],
      },
    ],
  };
}

/** Runs workflows, kills what runs them at random moments, and compares the end with an undisturbed one. */
export async function crashTest(options: CrashOptions): Promise<CrashReport> {
  const { kills, pictures, seed, stepMs, shared } = options;
  const { dir, remove } = await temporary();
  const random = randomOf(seed);
  const report: CrashReport = {
    kills: { service: 0, servers: 0, all: 0 },
    rounds: 0,
    steps: 0,
    away: [],
    lost: [],
    repeated: [],
    differing: [],
    surplusRuns: 0,
  };
  const places = ["a", "b"].map((name) => path.join(dir, name));
  const serverArgs = (port = "0") => ["--port", port, "--max-attempts", "100"];
  const servers = await Promise.all(places.map((place) => startServer(place, serverArgs())));
  const serviceArgs = (port: string) => [
    ...["--port", port, "--retry-pause", "0", "--log-level", "silent", "--workers", "2"],
    ...servers.flatMap(({ url }, at) => ["--server", `${["a", "b"][at]}=${url}`]),
  ];
  const calm = await startService(path.join(dir, "calm"), serviceArgs("0"));
  const sharedArgs = shared
    ? [
        ...["--database-url", shared.database],
        ...(shared.queue === undefined ? [] : ["--queue-url", shared.queue]),
      ]
    : [];
  const startNode = (port: string) =>
    startService(path.join(dir, "disturbed"), [...serviceArgs(port), ...sharedArgs]);
  const services = await Promise.all(
    Array.from({ length: shared?.nodes ?? 1 }, () => startNode("0")),
  );
  const started = (): Started[] => [...servers, calm, ...services];
  const anyNode = () => services[Math.floor(random() * services.length)]!;

  const restartNode = async (node: Started) => {
    await node.kill();
    services[services.indexOf(node)] = await startNode(new URL(node.url).port);
  };
  /** The node that does the workflow's steps; undefined while none does. */
  const atWork = async (id: string): Promise<Started | undefined> => {
    const [, pid] = (await holderOf(shared!.database, id))?.split(" ") ?? [];
    const parent = pid === undefined ? undefined : parentOf(pid);
    return services.find(({ child }) => child.pid === parent);
  };
  const restartServer = async (at: number) => {
    await servers[at]!.kill();
    servers[at] = await startServer(places[at]!, serverArgs(new URL(servers[at]!.url).port));
  };
  /** Every run that either server was asked for. */
  const runs = () => places.reduce((sum, place) => sum + runsIn(path.join(place, "runs.db")), 0);
  const seen = async (id: string): Promise<Workflow> => api(anyNode().url).get(id);
  /** The one that is at work, if that matters, or one by chance. */
  const victim = async (id: string): Promise<Started | undefined> =>
    shared
      ? until(async () => {
          const node = await atWork(id);
          return node ?? (isOver(await seen(id)) ? null : undefined);
        }, "somebody to be at work").then((node) => node ?? undefined)
      : services[0];

  try {
    // The first workflow makes what the others have locked.
    const first = await body(0, 2, stepMs);
    for (const { url } of [calm, services[0]!]) {
      const client = api(url);
      await client.ended((await client.create(first)).id);
    }
    for (let left = kills; left > 0;) {
      const given = await body(++report.rounds, pictures, stepMs);
      const quiet = api(calm.url);
      const undisturbed = await quiet.ended((await quiet.create(given)).id);
      const before = runs();
      const { id } = await api(anyNode().url).create(given);
      let orphaned: number | undefined;
      while (left > 0 && !isOver(await seen(id))) {
        const node = await victim(id);
        if (!node) break;
        if (orphaned !== undefined) report.away.push((performance.now() - orphaned) / 1000);
        orphaned = undefined;
        // A random moment, not a wait for something.
        await wait(random() * 3 * stepMs);
        const what = random();
        const which = random() < 0.5 ? 0 : 1;
        left--;
        if (what < 0.4) report.kills.service++;
        else if (what < 0.8) report.kills.servers++;
        else report.kills.all++;
        if (shared && (what < 0.4 || what >= 0.8)) orphaned = performance.now();
        await Promise.all([
          ...(what < 0.4 || what >= 0.8 ? [restartNode(node)] : []),
          ...(what >= 0.4 ? [restartServer(which)] : []),
        ]);
      }
      const end = await api(anyNode().url).ended(id);
      report.steps += end.total_steps;
      if (end.status !== "COMPLETED") report.lost.push(`${end.status}: ${end.errors.join(" ")}`);
      compare(undisturbed, end, report);
      // One that fails and one that takes its place, for each picture; what is locked needs none.
      report.surplusRuns += runs() - before - 2 * pictures;
    }
    return report;
  } finally {
    await Promise.all(started().map((one) => one.kill()));
    await remove();
  }
}

const isOver = ({ status }: Workflow) => ["COMPLETED", "FAILED", "CANCELLED"].includes(status);

function compare(one: Workflow, other: Workflow, { repeated, differing }: CrashReport): void {
  for (const [at, step] of one.steps.entries()) {
    const same = other.steps[at]!;
    if (same.retry_count !== step.retry_count)
      repeated.push(`${step.step_id}: ${same.retry_count} retries, not ${step.retry_count}`);
    if (contents(same) !== contents(step)) differing.push(step.step_id);
  }
}

/** What a step made, by its bytes. */
const contents = ({ result }: Workflow["steps"][number]): string =>
  JSON.stringify(
    Object.entries(result ?? {}).map(([name, value]) => [
      name,
      // Which run it was, and how long it took, differ from time to time.
      typeof value === "object" ? (value as { sha256: string }).sha256 : null,
    ]),
  );

/** Asked of the store itself: over HTTP a run is known by its id only. */
function runsIn(file: string): number {
  const db = new Database(file, { readonly: true });
  try {
    return (db.prepare("select count(*) as n from runs").get() as { n: number }).n;
  } finally {
    db.close();
  }
}

/** Who holds a flow run, as the database has it. */
async function holderOf(database: string, id: string): Promise<string | undefined> {
  const url = new URL(database);
  const schema = url.searchParams.get("schema")!;
  url.searchParams.delete("schema");
  const client = new pg.Client(url.href);
  await client.connect();
  try {
    const found = await client.query<{ holder: string | null }>(
      `select holder from ${schema}.flow_runs where id = $1`,
      [id],
    );
    return found.rows[0]?.holder ?? undefined;
  } finally {
    await client.end();
  }
}

function parentOf(pid: string): number | undefined {
  const { status, stdout } = spawnSync("ps", ["-o", "ppid=", "-p", pid], { encoding: "utf8" });
  return status === 0 ? Number(stdout) : undefined;
}

/** Numbers from 0 to 1 that a seed brings again (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
