import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";

import Database from "libsql";

import { disc } from "../support.ts";

const root = path.resolve(import.meta.dirname, "../../../..");
const CLI = path.join(root, "apps/cli/dist/main.js");
const SERVER = path.join(root, "apps/server/dist/main.js");

export interface CrashOptions {
  kills: number;
  pictures: number;
  seed: number;
  /** Milliseconds that a model takes; kills come within three times that. */
  stepMs: number;
}

/** What was killed, and what must be nothing. */
export interface CrashReport {
  kills: { command: number; servers: number; all: number };
  rounds: number;
  steps: number;
  /** Steps of a flow run that took more attempts than undisturbed. */
  repeated: string[];
  /** Files that are missing, too many, or of other bytes than undisturbed. */
  differing: string[];
  /** Runs on the servers beyond one for each attempt. */
  surplusRuns: number;
}

/** A locked step, a model that fails and its fallback on another server, each, and a join. */
const definition = (a: string, b: string, stepMs: number) => `version: 1
name: Crash
servers: { a: { url: "${a}" }, b: { url: "${b}" } }
inputs: { pictures: { type: image, many: true } }
steps:
  - id: kept
    uses: generate
    with: { model: test/fingerprint, server: a }
    inputs: { image: { from: input.pictures, only: first } }
    locked: true
  - id: all
    uses: each
    over: input.pictures
    steps:
      - { id: small, uses: resize, with: { longest: 64 }, inputs: { image: item } }
      - id: mesh
        uses: generate
        with: { model: test/fail, server: a, params: { step_ms: 100 } }
        inputs: { image: small.image }
        fallback: { with: { model: test/fingerprint, server: b, params: { step_ms: ${stepMs} } } }
    outputs: { mesh: mesh.mesh }
  - { id: join, uses: merge, inputs: { meshes: [kept.mesh, all.mesh] } }
outputs: { mesh: all.mesh, join: join.mesh }
`;

/** A server that is started again where and on what it was. */
async function startServer(dir: string, port = 0) {
  const args = [
    "--port",
    String(port),
    "--data-dir",
    dir,
    "--test-models",
    "--log-level",
    "silent",
    "--max-attempts",
    "100",
  ];
  const child = spawn(process.execPath, [SERVER, ...args], { stdio: ["ignore", "pipe", "ignore"] });
  const lines = createInterface({ input: child.stdout });
  const gone = once(child, "exit").then(() => [""]);
  const [line] = (await Promise.race([once(lines, "line"), gone])) as [string];
  const url = /http:\/\/\S+/.exec(line)?.[0];
  if (!url) throw new Error("A server did not start");
  child.stdout.resume();
  return { url, child };
}

interface Document {
  ok: boolean;
  result?: {
    flow_runs?: { flow_run: string; status: string }[];
    status: string;
    steps: { step: string; attempt: number; status: string }[];
  };
  failure?: { message: string };
}

/** Runs flows, kills what runs them at random moments, and compares the end with an undisturbed one. */
export async function crashTest({
  kills,
  pictures,
  seed,
  stepMs,
}: CrashOptions): Promise<CrashReport> {
  const dir = await mkdtemp(path.join(tmpdir(), "modly-runs-flow-crash-"));
  const random = randomOf(seed);
  const servers = await Promise.all(["a", "b"].map((name) => startServer(path.join(dir, name))));
  const [a, b] = servers as [(typeof servers)[0], (typeof servers)[0]];
  const children = new Set<ChildProcess>();
  const report: CrashReport = {
    kills: { command: 0, servers: 0, all: 0 },
    rounds: 0,
    steps: 0,
    repeated: [],
    differing: [],
    surplusRuns: 0,
  };

  const command = (home: string, ...args: string[]) => {
    const child = spawn(process.execPath, [CLI, "flow", ...args, "--json"], {
      cwd: home,
      env: { PATH: process.env["PATH"], HOME: home, XDG_STATE_HOME: home, MODLY_API_URL: a.url },
      stdio: ["ignore", "pipe", "ignore"],
    });
    children.add(child);
    const ended = Promise.all([text(child.stdout), once(child, "close")]).then(([out]) => {
      children.delete(child);
      return out === "" ? undefined : (JSON.parse(out) as Document);
    });
    return { child, ended };
  };
  const restart = async (at: number) => {
    const { child, url } = servers[at]!;
    child.kill("SIGKILL");
    await once(child, "exit");
    servers[at] = await startServer(
      path.join(dir, at === 0 ? "a" : "b"),
      Number(new URL(url).port),
    );
  };
  /** Every run that either server was asked for. */
  const runs = () =>
    ["a", "b"].reduce((sum, name) => sum + runsIn(path.join(dir, name, "runs.db")), 0);

  try {
    const homes = await Promise.all(
      ["calm", "disturbed"].map(async (name) => {
        const home = path.join(dir, name);
        await mkdir(home);
        await writeFile(path.join(home, "flow.yaml"), definition(a.url, b.url, stepMs));
        return home;
      }),
    );
    const [calm, disturbed] = homes as [string, string];
    // The first flow run makes what the others have locked.
    const first = await picturesIn(dir, 0, 2);
    for (const home of homes) await command(home, "run", "flow.yaml", ...first).ended;

    let left = kills;
    while (left > 0) {
      const round = report.rounds++;
      const given = await picturesIn(dir, round + 1, pictures);
      const out = `out-${round}`;
      for (const home of homes) await mkdir(path.join(home, out));
      const undisturbed = await command(calm, "run", "flow.yaml", ...given, "-o", out).ended;
      const before = runs();

      let id: string | undefined;
      let last: Document | undefined;
      const earlier = await flowRuns(command, disturbed);
      while (last === undefined) {
        const { child, ended } =
          id === undefined
            ? command(disturbed, "run", "flow.yaml", ...given, "-o", out)
            : command(disturbed, "resume", id, "-o", out);
        const isOver = () => child.exitCode !== null || child.signalCode !== null;
        while (left > 0 && !isOver()) {
          // A random moment, not a wait for something.
          await Promise.race([wait(random() * 3 * stepMs + (id === undefined ? 300 : 0)), ended]);
          if (isOver()) break;
          left--;
          const what = random();
          if (what < 0.4) report.kills.command++;
          else if (what < 0.8) report.kills.servers++;
          else report.kills.all++;
          if (what < 0.4 || what >= 0.8) child.kill("SIGKILL");
          if (what >= 0.4) await restart(random() < 0.5 ? 0 : 1);
        }
        last = await ended;
        id ??= (await flowRuns(command, disturbed)).find((one) => !earlier.includes(one));
      }
      report.steps += last.result?.steps.length ?? 0;
      if (last.result?.status !== "done")
        report.differing.push(
          `round ${round} ended ${last.result?.status ?? "nowhere"}: ${last.failure?.message ?? ""}`,
        );
      const attempts = (from: Document | undefined) =>
        new Map(from?.result?.steps.map(({ step, attempt }) => [step, attempt]));
      const expected = attempts(undisturbed);
      for (const [step, attempt] of attempts(last))
        if (attempt !== expected.get(step))
          report.repeated.push(`${step} of round ${round}: ${attempt}, not ${expected.get(step)}`);
      // One that fails and one that takes its place, for each picture; what is locked needs none.
      report.surplusRuns += runs() - before - 2 * pictures;
      report.differing.push(
        ...(await differences(path.join(calm, out), path.join(disturbed, out))),
      );
    }
    return report;
  } finally {
    for (const child of [...children, ...servers.map((server) => server.child)]) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    await rm(dir, { recursive: true, force: true });
  }
}

/** Asked of the store itself: over HTTP a run is known by its id only. */
function runsIn(file: string): number {
  const db = new Database(file, { readonly: true });
  try {
    return (db.prepare("select count(*) as n from runs").get() as { n: number }).n;
  } finally {
    db.close();
  }
}

async function flowRuns(
  command: (home: string, ...args: string[]) => { ended: Promise<Document | undefined> },
  home: string,
): Promise<string[]> {
  const listed = await command(home, "list").ended;
  return listed?.result?.flow_runs?.map(({ flow_run: id }) => id) ?? [];
}

/** Pictures of discs, no two alike. */
async function picturesIn(dir: string, set: number, count: number): Promise<string[]> {
  const folder = path.join(dir, `pictures-${set}`);
  await mkdir(folder);
  const files: string[] = [];
  for (let at = 0; at < count; at++) {
    const file = path.join(folder, `picture-${at}.png`);
    await writeFile(file, await disc(`rgb(${at}, ${set}, 90)`));
    files.push(file);
  }
  return files;
}

async function differences(one: string, other: string): Promise<string[]> {
  const [names, others] = await Promise.all([readdir(one), readdir(other)]);
  const found = others.filter((name) => !names.includes(name)).map((name) => `${name} is too much`);
  for (const name of names) {
    if (!others.includes(name)) found.push(`${name} is missing`);
    else if (!(await readFile(path.join(one, name))).equals(await readFile(path.join(other, name))))
      found.push(`${name} has other bytes`);
  }
  return found;
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
