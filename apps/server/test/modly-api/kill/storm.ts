import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { count } from "../../storms/count.ts";
import { fingerprintOf } from "../../storms/pictures.ts";
import { startServer } from "../server.ts";
import { startStandIn } from "../stand-in/start.ts";
import { followWish, meshOf, type Seen, type TimedWish } from "../../storms/client.ts";
import { randomFrom } from "../../storms/random.ts";

export interface Storm {
  /** How often each of the two processes is killed. */
  readonly kills: number;
  readonly clients: number;
  readonly seed: number;
  /** An empty folder. */
  readonly directory: string;
  readonly onKill?: (done: number, of: number) => void;
}

export interface Report {
  readonly seed: number;
  readonly serverKills: number;
  readonly modlyKills: number;
  readonly runs: number;
  readonly done: number;
  readonly cancelled: number;
  /** The sentences that runs ended with, and how often. */
  readonly errors: Readonly<Record<string, number>>;
  readonly submissions: number;
  /** Everything that should not have happened: empty when the storm was weathered. */
  readonly wrong: readonly string[];
}

/** How long everything may take to come to rest after the last kill. */
const REST_MS = 300_000;
const LONGEST = { betweenKills: 2_000, down: 400 };

/** An error that a run may end with, besides what its model makes of it: somebody was killed at a bad time. */
const EXCUSES = [
  /^Modly has forgotten the job/,
  /its answer was lost/,
  /^Modly's job failed: .*extension process ended/,
];

/** Half of the runs are quick, some long, some fail, and some go on for ever unless they are cancelled. */
function wishFrom(random: () => number, mark: string): TimedWish {
  const kind = random();
  const quick = { steps: 3 + Math.floor(random() * 10), step_ms: 30 };
  if (kind < 0.5) return { mark, model: "stand-in/fast", params: quick, cancelAfter: null };
  if (kind < 0.65) return { mark, model: "stand-in/fingerprint", params: quick, cancelAfter: null };
  if (kind < 0.75) return { mark, model: "stand-in/fail", params: quick, cancelAfter: null };
  const endless = kind > 0.85;
  const params = endless ? { steps: 10_000, step_ms: 100 } : { steps: 40, step_ms: 30 };
  return { mark, model: "stand-in/long", params, cancelAfter: endless ? random() * 2_000 : null };
}

/** What is wrong about how a run ended, judged by what its client wanted. */
async function judge(url: string, { wish, run, wrong, cancelled }: Seen): Promise<string[]> {
  const found = [...wrong];
  if (run.status === "cancelled" && wish.cancelAfter === null)
    found.push("cancelled, and nobody asked for it");
  if (cancelled && run.status === "done") found.push("done, and could not have been");
  if (run.status === "done" && wish.model === "stand-in/fail") found.push("done, and had to fail");
  if (run.status === "done" && !(await meshOf(url, run)).includes(fingerprintOf(wish.mark)))
    found.push("has the mesh of another picture, or none");
  const own = wish.model === "stand-in/fail" ? [/the mesh is empty$/, ...EXCUSES] : EXCUSES;
  if (run.error !== null && !own.some((excuse) => excuse.test(run.error)))
    found.push(`ended with: ${run.error}`);
  return found.map((what) => `${wish.mark} (${run.run_id}): ${what}`);
}

/**
 * Kills our server and the stand-in at random moments while clients go on creating runs, then lets
 * everything come to rest, and judges every run, the stand-in's ledger, and what still works there.
 */
export async function weather({ kills, clients, seed, directory, onKill }: Storm): Promise<Report> {
  const standIn = await startStandIn({ directory });
  const server = await startServer({
    "data-dir": path.join(directory, "data"),
    "modly-url": standIn.url,
  });
  const limit = AbortSignal.timeout(kills * 2 * 10_000 + REST_MS);
  const seen: Seen[] = [];
  const calm = new AbortController();

  async function client(_: unknown, index: number): Promise<void> {
    const random = randomFrom(seed + index + 1);
    for (let nth = 1; !calm.signal.aborted; nth += 1)
      seen.push(await followWish(server.url, wishFrom(random, `${seed}-${index}-${nth}`), limit));
  }

  async function rain(): Promise<void> {
    const random = randomFrom(seed);
    const victims = Array.from({ length: kills * 2 }, (_, index) => (index % 2 ? server : standIn));
    for (const [index, victim] of victims.entries()) {
      await delay(random() * LONGEST.betweenKills);
      await victim.kill();
      await delay(random() * LONGEST.down);
      await victim.start();
      onKill?.(index + 1, victims.length);
    }
    calm.abort();
  }

  try {
    await Promise.all([rain(), ...Array.from({ length: clients }, client)]);
    const submissions = standIn.submissions();
    const wrong = (await Promise.all(seen.map((one) => judge(server.url, one)))).flat();
    for (const [picture, times] of Object.entries(count(submissions, ({ sha256 }) => sha256)))
      if (times > 1) wrong.push(`${picture} was submitted ${times} times`);
    const lost = new Set(
      seen
        .filter(({ run }) => run.error?.includes("its answer was lost"))
        .map(({ wish }) => fingerprintOf(wish.mark)),
    );
    // Of a job whose answer was lost nobody knows the id: it runs to its own end there.
    const known = async () =>
      (await standIn.jobs()).filter(({ working, sha256 }) => working && !lost.has(sha256));
    for (let left = 100; left > 0 && (await known()).length > 0; left -= 1) await delay(100);
    for (const { job_id, status } of await known())
      wrong.push(`job ${job_id} (${status}) was left running in Modly`);
    const runs = seen.map(({ run }) => run);
    return {
      seed,
      serverKills: kills,
      modlyKills: kills,
      runs: runs.length,
      done: runs.filter(({ status }) => status === "done").length,
      cancelled: runs.filter(({ status }) => status === "cancelled").length,
      errors: count(
        runs.flatMap(({ error }) => error ?? []),
        (error) => error,
      ),
      submissions: submissions.length,
      wrong,
    };
  } finally {
    calm.abort();
    await server.kill();
    await standIn.kill();
  }
}
