import { mkdir, readdir } from "node:fs/promises";
import path from "node:path";

import { randomFrom } from "../storms/random.ts";
import { type ServerProcessOptions, startServerProcess } from "../support/server-process.ts";
import { AIMS, type Phase, PHASES } from "./aims.ts";
import { createAndFollow, partUploadsIn, readEnded } from "./clients.ts";
import { filesIn, judge, type Verdict } from "./judge.ts";
import { createLedger } from "./ledger.ts";
import { COLLECTION, type World } from "./world.ts";

export interface CrashTest {
  readonly kills: number;
  readonly seed: number;
  /** An empty directory. */
  readonly dataDir: string;
  readonly from?: ServerProcessOptions["from"];
  readonly onKill?: (done: number) => void;
}

export interface CrashReport extends Verdict {
  readonly seed: number;
  readonly kills: number;
  /** Kills that were aimed at a phase, and those that came while it was on. */
  readonly phases: Readonly<Record<Phase, { readonly aimed: number; readonly hit: number }>>;
  /** Milliseconds from the start of a process until it listened. */
  readonly starts: { readonly median: number; readonly longest: number };
  readonly unanswered: number;
  /** What lay about right after a kill, all kills together: proof that they came in the middle. */
  readonly debris: Debris;
  /** Everything a client was told and that turned out otherwise, a sentence each. */
  readonly wrong: readonly string[];
}

interface Debris {
  readonly partUploads: number;
  readonly partMeshes: number;
  readonly workingDirectories: number;
}

const CLIENTS = 4;

async function debrisIn(dataDir: string, collectionDir: string): Promise<Debris> {
  const meshes = await readdir(collectionDir);
  return {
    partUploads: await partUploadsIn(dataDir),
    partMeshes: meshes.filter((name) => name.startsWith(".")).length,
    workingDirectories: (await readdir(path.join(dataDir, "tmp"))).length,
  };
}

/**
 * Kills the server with SIGKILL again and again, each time in another phase of some run, while clients
 * create, cancel and read, starts it again on the same data, and at last holds it to all it answered.
 */
export async function crashTest(options: CrashTest): Promise<CrashReport> {
  const { kills, seed, dataDir, from, onKill } = options;
  const collectionDir = path.join(dataDir, "workspace", COLLECTION);
  await mkdir(collectionDir, { recursive: true });
  const starts: number[] = [];
  const start = async () => {
    const began = performance.now();
    const args = ["--test-models", "--without-builtin", "--workers=6"];
    const server = await startServerProcess({ dataDir, args, ...(from ? { from } : {}) });
    starts.push(performance.now() - began);
    return server;
  };

  const ledger = createLedger();
  const world: World = { ledger, dataDir, collectionDir, server: await start() };
  const random = randomFrom(seed);
  const calm = new AbortController();
  const phases = Object.fromEntries(PHASES.map((phase) => [phase, { aimed: 0, hit: 0 }])) as Record<
    Phase,
    { aimed: number; hit: number }
  >;
  const debris = { partUploads: 0, partMeshes: 0, workingDirectories: 0 };

  async function killAndStart(nth: number): Promise<void> {
    const phase = PHASES[nth % PHASES.length] ?? "running";
    const { server } = world;
    const hit = await AIMS[phase]({
      world,
      random,
      key: `aim-${seed}-${nth}`,
      kill: () => void server.kill(),
    });
    await server.kill();
    phases[phase].aimed++;
    if (hit) phases[phase].hit++;
    const found = await debrisIn(dataDir, collectionDir);
    for (const kind of Object.keys(debris) as (keyof Debris)[]) debris[kind] += found[kind];
    world.server = await start();
    onKill?.(nth + 1);
  }

  async function killAll(): Promise<void> {
    try {
      for (let nth = 0; nth < kills; nth++) await killAndStart(nth);
    } finally {
      calm.abort();
    }
  }

  try {
    await Promise.all([
      killAll(),
      readEnded(world, randomFrom(seed + CLIENTS + 1), calm.signal),
      ...Array.from({ length: CLIENTS }, (_, index) =>
        createAndFollow(world, `${seed}-${index}`, randomFrom(seed + index + 1), calm.signal),
      ),
    ]);
    const verdict = await judge(world, filesIn(dataDir));
    starts.sort((a, b) => a - b);
    return {
      ...verdict,
      seed,
      kills,
      phases,
      starts: {
        median: Math.round(starts[Math.floor(starts.length / 2)] ?? 0),
        longest: Math.round(starts.at(-1) ?? 0),
      },
      unanswered: ledger.unanswered(),
      debris,
      wrong: ledger.wrong,
    };
  } finally {
    calm.abort();
    await world.server.kill();
  }
}
