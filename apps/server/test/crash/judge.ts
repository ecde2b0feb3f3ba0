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
  const answer = await fetch(server.url + (last?.output_url ?? ""));
  const mesh = Buffer.from(await answer.arrayBuffer());
  return (
    answer.status === 200 &&
    mesh.length > 12 &&
    mesh.readUInt32LE(0) === GLB_MAGIC &&
    mesh.readUInt32LE(8) === mesh.length
  );
}

/** A cancel that was answered: what its answer said is what the run says for good. */
function keptCancel({ cancel, last }: Accepted): boolean {
  return cancel?.status === last?.status && cancel?.cancelled === (last?.status === "cancelled");
}

/** Every file that no readable run owns. Unanswered creates may have made runs too, so names are asked for. */
async function findOrphans(
  world: World,
  dataDir: string,
): Promise<{ meshes: number; orphans: string[] }> {
  const list = async (...names: string[]) =>
    (await readdir(path.join(dataDir, ...names))).map((name) => path.join(...names, name));
  const orphans = [...(await list("uploads")), ...(await list("tmp"))];
  const collections = await list("workspace");
  orphans.push(...collections.filter((name) => path.basename(name) !== COLLECTION));
  const meshes = await readdir(world.collectionDir);
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
export async function judge(world: World, dataDir: string): Promise<Verdict> {
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
  let found = await findOrphans(world, dataDir);
  await within(REST_MS, async () => {
    found = await findOrphans(world, dataDir);
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
