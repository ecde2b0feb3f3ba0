import { readdir } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { isEnded, type RunStatus } from "@modly-runs/contract";

import type { Accepted } from "./ledger.ts";
import { COLLECTION, insist, read, repeat, runUrl, type World } from "./world.ts";
import { ask } from "./wire.ts";

/** How long everything may take to come to rest after the last kill, ms. */
const REST_MS = 60_000;

/** What is left when all is quiet, counted. Whatever is not as promised is in the ledger's `wrong` too. */
export interface Verdict {
  readonly accepted: number;
  readonly readable: number;
  readonly ended: number;
  readonly byStatus: Readonly<Partial<Record<RunStatus, number>>>;
  readonly cancelsAnswered: number;
  readonly cancelsKept: number;
  /** Runs that a client had seen ended before the last start, or that were read again after their end. */
  readonly seenEnded: number;
  readonly unchanged: number;
  readonly done: number;
  readonly withMesh: number;
  readonly keys: number;
  readonly keysKept: number;
  readonly meshes: number;
  readonly orphans: readonly string[];
}

/** Tries until it holds or the time is up. */
async function within(ms: number, holds: () => Promise<boolean>): Promise<boolean> {
  const until = performance.now() + ms;
  while (!(await holds())) {
    if (performance.now() > until) return false;
    await delay(50);
  }
  return true;
}

const GLB_MAGIC = 0x46546c67;

async function hasWholeMesh({ server }: World, { last }: Accepted): Promise<boolean> {
  const fetched = async () => {
    const answer = await fetch(server.url + (last?.output_url ?? ""));
    return { status: answer.status, mesh: Buffer.from(await answer.arrayBuffer()) };
  };
  // A connection that breaks says nothing of the mesh.
  const { status, mesh } = await fetched().catch(fetched);
  return (
    status === 200 &&
    mesh.length > 12 &&
    mesh.readUInt32LE(0) === GLB_MAGIC &&
    mesh.readUInt32LE(8) === mesh.length
  );
}

/** A cancel that was answered: what its answer said is what the run says for good. */
function keptCancel({ cancel, last }: Accepted): boolean {
  return cancel?.status === last?.status && cancel?.cancelled === (last?.status === "cancelled");
}

/** Names of all that is kept for runs: `uploads/...`, `tmp/...`, `workspace/<collection>/...`. */
export type ListFiles = () => Promise<string[]>;

/** The same of a directory; what is no collection of ours is one name. */
export function filesIn(dataDir: string): ListFiles {
  const list = async (directory: string) =>
    (await readdir(path.join(dataDir, directory))).map((name) => `${directory}/${name}`);
  return async () => {
    const collections = await list("workspace");
    const ours = `workspace/${COLLECTION}`;
    return [
      ...(await list("uploads")),
      ...(await list("tmp")),
      ...collections.filter((name) => name !== ours),
      ...(collections.includes(ours) ? await list(ours) : []),
    ];
  };
}

/** Every file that no readable run owns. Unanswered creates may have made runs too, so names are asked for. */
async function findOrphans(
  world: World,
  list: ListFiles,
): Promise<{ meshes: number; orphans: string[] }> {
  const all = await list();
  const of = `workspace/${COLLECTION}/`;
  const orphans = all.filter((name) => !name.startsWith(of));
  const meshes = all.filter((name) => name.startsWith(of)).map((name) => name.slice(of.length));
  for (const name of meshes) {
    const runId = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/.exec(name)?.[0];
    const answer = runId && (await ask(`${world.server.url}/workflow-runs/${runId}`));
    const owner = answer ? (JSON.parse(answer.text) as { output_url?: string }) : undefined;
    if (owner?.output_url !== `/workspace/${COLLECTION}/${name}`)
      orphans.push(`${COLLECTION}/${name}`);
  }
  return { meshes: meshes.length, orphans };
}

/** Lets everything come to an end, then holds the server to all it has ever answered. */
export async function judge(world: World, list: ListFiles): Promise<Verdict> {
  const { ledger } = world;
  const { wrong } = ledger;
  const runs = ledger.accepted();
  const endedBefore = runs.filter(({ end }) => end !== undefined);

  let readable = 0;
  for (const run of runs) {
    const { status } = await insist(() => runUrl(world, run));
    if (status === 200) readable++;
    const ends = await within(REST_MS, async () => {
      await read(world, run);
      return status !== 200 || run.end !== undefined;
    });
    if (!ends) wrong.push(`${run.runId}: does not end`);
  }
  const ended = runs.filter(({ last }) => last && isEnded(last.status));
  const byStatus: Partial<Record<RunStatus, number>> = {};
  for (const { last } of ended) if (last) byStatus[last.status] = (byStatus[last.status] ?? 0) + 1;

  const cancels = runs.filter(({ cancel }) => cancel !== undefined);
  const lostCancels = cancels.filter((run) => !keptCancel(run));
  wrong.push(...lostCancels.map(({ runId }) => `${runId}: its cancel was answered and not kept`));

  let unchanged = 0;
  for (const run of endedBefore) {
    const { text } = await insist(() => runUrl(world, run));
    if (text === run.end) unchanged++;
  }

  const done = runs.filter(({ last }) => last?.status === "done");
  let withMesh = 0;
  for (const run of done)
    if (await hasWholeMesh(world, run)) withMesh++;
    else wrong.push(`${run.runId}: done without its mesh`);

  const keyed = runs.filter(({ wish }) => wish.key !== undefined);
  let keysKept = 0;
  for (const run of keyed)
    if ((await repeat(world, run)) === run.runId) keysKept++;
    else wrong.push(`${run.runId}: its key gives another run`);

  // Pictures and working directories go a moment after their run has ended.
  let found = await findOrphans(world, list);
  await within(REST_MS, async () => {
    found = await findOrphans(world, list);
    return found.orphans.length === 0;
  });
  wrong.push(...found.orphans.map((file) => `${file} belongs to nobody`));

  return {
    accepted: runs.length,
    readable,
    ended: ended.length,
    byStatus,
    cancelsAnswered: cancels.length,
    cancelsKept: cancels.length - lostCancels.length,
    seenEnded: endedBefore.length,
    unchanged,
    done: done.length,
    withMesh,
    keys: keyed.length,
    keysKept,
    ...found,
  };
}
