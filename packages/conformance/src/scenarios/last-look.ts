import { isEnded, isRunStatus } from "@modly-runs/contract";
import { setTimeout as sleep } from "node:timers/promises";

import { runBodyOf } from "../history/observations.ts";
import type { CheckId } from "../requirements/index.ts";
import type { Known } from "../session/roster.ts";
import { CannotGoOn, type Session } from "../session/session.ts";
import { statusOf } from "./answers.ts";
import { Bench, told } from "./bench.ts";

/** Requests at once: on a slow connection the last look would take longer than all before it. */
const AT_ONCE = 8;

/** Late writers come seconds after the end: a retry, a clean-up, a thread that was not stopped. */
const LATE_MS = 5_500;

/** How long an ended run is kept at the least, unless the target says otherwise: ten minutes. */
const KEPT_MS = 600_000;

/** How many meshes are fetched once more. */
const MESHES = 24;

/** The checks that the last look tells something about. */
export const LATE_IDS: readonly CheckId[] = [
  "LIF-03",
  "LIF-04",
  "LIF-12",
  "LIF-14",
  "LIF-15",
  "OUT-17",
];

async function each<T>(
  session: Session,
  items: readonly T[],
  action: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await action(next);
  };
  await Promise.all(
    Array.from({ length: Math.min(AT_ONCE, session.target.lanes ?? AT_ONCE) }, lane),
  );
}

/**
 * Ends what earlier scenarios left at work and waits for it, so that what comes next has the places to
 * itself. A run that does not end within the budget is given up, once.
 */
export async function untilQuiet(session: Session): Promise<void> {
  const t = new Bench(session, "clean up between scenarios");
  const deadline = performance.now() + session.budgets.end;
  await each(session, session.roster.open(), async (run) => {
    const status = runBodyOf(await t.read(run.id))?.["status"];
    if (!isRunStatus(status) || isEnded(status)) return;
    await t.cancel(run.id);
    const left = Math.max(session.budgets.poll, deadline - performance.now());
    if ((await t.until(run.id, isEnded, left)) === undefined) run.abandoned = true;
  });
  t.close();
}

type Ended = Known & Required<Pick<Known, "ended">>;

/** The mesh of a run that still says done has to be there. */
async function meshStays(t: Bench, { id, ended }: Ended, url: unknown): Promise<void> {
  if (typeof url !== "string" || !url.startsWith("/")) return;
  const request = { method: "GET", path: url };
  // One that was never there is no matter of how long it is kept.
  const missing = t.session.recorder.exchanges.some(
    ({ meaning, request: { path }, response }) =>
      meaning.act === "output" && path === url && response?.status === 404,
  );
  if (missing) return;
  const output = await t.send(request, { meaning: { act: "output" } });
  const there = statusOf(output) === 200;
  // Both may have been retired between the two requests.
  const again = there ? undefined : await t.read(id);
  const gone = again !== undefined && statusOf(again) === 404;
  t.expect(
    "OUT-17",
    there || gone,
    `the mesh of a run that says done, ${Math.round((output.start - ended.at) / 1_000)} s after its end`,
    told(output),
    output,
  );
}

/**
 * Reads every ended run of the session once more, the oldest of each kind of end at least 5.5 s after
 * it, and fetches the meshes again: what is written late shows only now.
 */
export async function lookAgain(session: Session): Promise<void> {
  const t = new Bench(session, "a last look");
  const ended = session.roster.ended();
  const firsts = new Map<string, number>();
  for (const run of ended)
    if (!firsts.has(run.ended.status)) firsts.set(run.ended.status, run.ended.at);
  const ready = Math.max(0, ...firsts.values()) + LATE_MS;
  if (firsts.size > 0) await sleep(Math.max(0, ready - performance.now()));
  const kept = session.target.retention_ms ?? KEPT_MS;
  const done: { run: Ended; url: unknown }[] = [];
  await each(session, ended, async (run) => {
    const read = await t.read(run.id);
    const body = runBodyOf(read);
    const young = read.end - run.born < kept;
    if (body === undefined && young)
      t.judge("LIF-12", read, `the run, kept for ${Math.round(kept / 1_000)} s`, false);
    if (body?.["status"] === "done") done.push({ run, url: body["output_url"] });
  });
  await each(session, done.slice(0, MESHES), ({ run, url }) => meshStays(t, run, url));
  if (done.length === 0)
    t.session.ledger.obstruct("OUT-17", {
      kind: "blocked",
      reason: "No run was done at the end of the session.",
    });
  t.close();
}

/** Does what may be cut short by a target that dies, and says nothing then: others have said it. */
export async function unlessGone(work: Promise<void>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!(error instanceof CannotGoOn)) throw error;
  });
}
