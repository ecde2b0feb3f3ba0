import { execFileSync } from "node:child_process";
import { cp, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { followWish, meshOf, type Seen, type TimedWish } from "../../storms/client.ts";
import { count } from "../../storms/count.ts";
import { fingerprintOf } from "../../storms/pictures.ts";
import { randomFrom } from "../../storms/random.ts";
import { type ListeningServer, startServerProcess } from "../../support/server-process.ts";
import { FIXTURE } from "../bench.ts";
import { leadersOf, membersOf, memoryOf } from "./processes.ts";

export interface Storm {
  readonly runs: number;
  readonly clients: number;
  /** How often the server is killed, and how often one of its Python processes. */
  readonly kills: { readonly server: number; readonly python: number };
  readonly seed: number;
  /** An empty folder. */
  readonly directory: string;
  readonly onEnd?: (done: number, of: number) => void;
}

export interface Report {
  readonly seed: number;
  readonly runs: number;
  readonly done: number;
  readonly cancelled: number;
  /** The sentences that runs ended with, and how often. */
  readonly errors: Readonly<Record<string, number>>;
  readonly kills: Storm["kills"];
  /** The server's resident memory after each eighth of the runs, MiB; a killed server begins anew. */
  readonly memory: readonly number[];
  /** Everything that should not have happened: empty when the storm was weathered. */
  readonly wrong: readonly string[];
}

const HABITS = fileURLToPath(new URL("../extensions/habits", import.meta.url));

/** How long everything may take after the last run was made. */
const REST_MS = 240_000;

/** Two of the three extensions are the same one, without a venv and with. */
const DRIVEN = ["modly-runs-fixture/driven", "with-venv/driven"];
const DEAF = "habits/deaf";
const GOOD = "habits/good";

/** An error that a run may end with: its Python process was killed, or one too often. */
const EXCUSES = [/ended unexpectedly \(SIGKILL/, /crashed \d+ times in a row/];

/** Lays out the three extensions; returns their folder. */
async function layExtensions(directory: string): Promise<string> {
  const extensions = path.join(directory, "extensions");
  const withVenv = path.join(extensions, "with-venv");
  await cp(FIXTURE, path.join(extensions, "modly-runs-fixture"), { recursive: true });
  await cp(HABITS, path.join(extensions, "habits"), { recursive: true });
  await cp(FIXTURE, withVenv, { recursive: true });
  const manifest = path.join(withVenv, "manifest.json");
  const renamed = (await readFile(manifest, "utf8")).replace('"modly-runs-fixture"', '"with-venv"');
  await writeFile(manifest, renamed);
  execFileSync("python3", ["-m", "venv", "--without-pip", path.join(withVenv, "venv")]);
  return extensions;
}

/** Three of five runs may end by themselves, the others are cancelled; one of ten hears no cancel. */
function wishFrom(random: () => number, mark: string): TimedWish {
  const kind = random();
  const cancelAfter = random() < 0.4 ? random() * 600 : null;
  if (kind < 0.1) return { mark, model: DEAF, params: {}, cancelAfter: random() * 600 };
  if (kind < 0.3) return { mark, model: GOOD, params: { steps: 20 }, cancelAfter };
  const model = DRIVEN[Math.floor(random() * DRIVEN.length)] ?? GOOD;
  return {
    mark,
    model,
    params: { steps: 3 + Math.floor(random() * 20), step_ms: 20 },
    cancelAfter,
  };
}

/** What is wrong about how a run ended, judged by what its client wanted. */
async function judge(url: string, { wish, run, wrong, cancelled }: Seen): Promise<string[]> {
  const found = [...wrong];
  if (run.status === "cancelled" && wish.cancelAfter === null)
    found.push("cancelled, and nobody asked for it");
  if (run.status === "done" && wish.model === DEAF) found.push("done, and never ends by itself");
  if (run.status === "done" && DRIVEN.includes(wish.model)) {
    // The fixture writes the picture's fingerprint into its mesh.
    const mesh = await meshOf(url, run);
    if (!mesh.includes(fingerprintOf(wish.mark)))
      found.push("has the mesh of another picture, or none");
  }
  if (run.error !== null && !EXCUSES.some((excuse) => excuse.test(run.error ?? "")))
    found.push(`ended with: ${run.error}`);
  return found.map((what) => `${wish.mark} (${wish.model}, ${cancelled}): ${what}`);
}

/**
 * Clients create runs over three extensions and cancel some, while the server and its Python processes
 * are killed at random moments. Then every run is judged, each model makes one more mesh, and the
 * processes that are left are counted.
 */
export async function weather(storm: Storm): Promise<Report> {
  const { runs, clients, kills, seed, directory } = storm;
  const extensions = await layExtensions(directory);
  const limit = AbortSignal.timeout(runs * 3_000 + REST_MS);
  const groups = new Set<number>();
  const seen: Seen[] = [];
  const memory: number[] = [];
  const wrong: string[] = [];
  let made = 0;
  let port = "0";
  let server: ListeningServer;

  async function start(): Promise<void> {
    server = await startServerProcess({
      dataDir: path.join(directory, "data"),
      args: [`--port=${port}`, `--extensions-dir=${extensions}`, "--without-builtin"],
    });
    port = new URL(server.url).port;
  }
  function learnGroups(): number[] {
    const leaders = leadersOf(server.pid);
    for (const leader of leaders) groups.add(leader);
    return leaders;
  }
  const follow = (wish: TimedWish) => followWish(`http://127.0.0.1:${port}`, wish, limit);

  async function client(_: unknown, index: number): Promise<void> {
    const random = randomFrom(seed + index + 1);
    while (made < runs) {
      made += 1;
      seen.push(await follow(wishFrom(random, `${seed}-${made}`)));
      learnGroups();
      if (seen.length % Math.ceil(runs / 8) === 0) memory.push(await memoryOf(server.pid));
      storm.onEnd?.(seen.length, runs);
    }
  }

  /** Each kill comes after its share of the runs, a random moment later. */
  async function rain(): Promise<void> {
    const random = randomFrom(seed);
    const all = kills.server + kills.python;
    for (let nth = 1; nth <= all; nth += 1) {
      const due = (nth * runs) / (all + 1);
      while (seen.length < due && seen.length < runs) await delay(20);
      await delay(random() * 300);
      const leaders = learnGroups();
      if ((nth * kills.server) % all < kills.server) {
        await server.kill("SIGKILL");
        await start();
      } else {
        const victim = leaders[Math.floor(random() * leaders.length)];
        if (victim !== undefined) process.kill(victim, "SIGKILL");
      }
    }
  }

  await start();
  try {
    await Promise.all([rain(), ...Array.from({ length: clients }, client)]);
    const { url } = server!;
    wrong.push(...(await Promise.all(seen.map((one) => judge(url, one)))).flat());
    for (const model of [...DRIVEN, GOOD]) {
      const wish = { mark: `${seed}-${model}`, model, params: {}, cancelAfter: null };
      const { run } = await follow(wish);
      if (run.status !== "done") wrong.push(`${model} afterwards: ${run.status} ${run.error}`);
    }
    learnGroups();
  } finally {
    await server!.kill("SIGTERM");
  }
  for (let left = 100; left > 0 && membersOf(groups).length > 0; left -= 1) await delay(50);
  wrong.push(...membersOf(groups).map((pid) => `process ${pid} was left behind`));
  const ended = seen.map(({ run }) => run);
  return {
    seed,
    runs: ended.length,
    done: ended.filter(({ status }) => status === "done").length,
    cancelled: ended.filter(({ status }) => status === "cancelled").length,
    errors: count(
      ended.flatMap(({ error }) => error ?? []),
      (error) => error,
    ),
    kills,
    memory,
    wrong,
  };
}
