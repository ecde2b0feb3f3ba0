import { isEnded, isRunStatus } from "@modly-runs/contract";
import { setTimeout as sleep } from "node:timers/promises";

import { runBodyOf } from "../history/observations.ts";
import type { CheckId } from "../requirements/index.ts";
import type { Known } from "../session/roster.ts";
import { CannotGoOn, type Session } from "../session/session.ts";
import { statusOf } from "./answers.ts";
import { Bench } from "./bench.ts";
import { firstMesh, meshStays } from "./meshes.ts";

/** Requests at once: on a slow connection the last look would take longer than all before it. */
const AT_ONCE = 8;

/** Late writers come seconds after the end: a retry, a clean-up, a thread that was not stopped. */
const LATE_MS = 5_500;

/** How long an ended run is kept at the least, unless the target says otherwise: ten minutes. */
const KEPT_MS = 600_000;

/** How many runs of each kind of end are cancelled once more. */
const CANCELLED_AGAIN = 24;

/** The check that says of each end that a cancel does not change it. */
const STAYS = { done: "CAN-06", error: "CAN-07", cancelled: "CAN-08" } as const;

/** The checks that the last look tells something about. */
export const LATE_IDS: readonly CheckId[] = [
  "LIF-03",
  "LIF-04",
  "LIF-12",
  "LIF-14",
  "LIF-15",
  "LIF-17",
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

/** A few of each kind of end, chosen by the seed. */
function someOfEach(session: Session, ended: readonly Ended[]): readonly Ended[] {
  let state = session.seed | 1;
  const random = () => {
    state = (Math.imul(state, 0x5851f42d) + 0x14057b7f) | 0;
    return state >>> 0;
  };
  const shuffled = ended
    .map((run) => ({ run, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ run }) => run);
  return Object.keys(STAYS).flatMap((end) =>
    shuffled.filter(({ ended: { status } }) => status === end).slice(0, CANCELLED_AGAIN),
  );
}

/** To cancel a run that ended long ago changes nothing either. */
async function cancelAgain(t: Bench, { id, ended: { status } }: Ended): Promise<void> {
  const before = await t.read(id);
  const body = runBodyOf(before);
  // One that says something else by now is LIF-03's.
  if (body?.["status"] !== status) return;
  await t.cancel(id);
  const after = await t.read(id);
  // Retired meanwhile.
  if (statusOf(after) === 404) return;
  const now = runBodyOf(after);
  const check = STAYS[status as keyof typeof STAYS];
  const expected = "the same run as before the cancel";
  if (status === "error")
    t.judge(check, after, expected, now?.["status"] === status && now["error"] === body["error"]);
  else t.same(check, expected, { exchange: before, body }, after);
}

/**
 * What nobody waited for ends by itself, or was cancelled: either way it has to end. Where there is one
 * place for all, they end one after the other, so each end gives the rest their whole time again.
 */
async function waitForAll(session: Session, t: Bench): Promise<void> {
  let deadline = performance.now() + session.budgets.end;
  await each(session, session.roster.open(), async ({ id }) => {
    // One that can't be read at all is no run that lasts too long.
    if (statusOf(await t.read(id)) !== 200) return;
    do {
      const left = Math.max(session.budgets.poll, deadline - performance.now());
      if ((await t.until(id, isEnded, left)) === undefined) continue;
      deadline = performance.now() + session.budgets.end;
      return;
    } while (performance.now() < deadline);
  });
}

/**
 * Reads every run of the session once more, the oldest of each kind of end at least 5.5 s after it, and
 * fetches the meshes again: what is written late shows only now. In the end some are cancelled.
 */
export async function lookAgain(session: Session): Promise<void> {
  const t = new Bench(session, "a last look");
  await waitForAll(session, t);
  const ended = session.roster.ended();
  const firsts = new Map<string, number>();
  for (const run of ended)
    if (!firsts.has(run.ended.status)) firsts.set(run.ended.status, run.ended.at);
  const ready = Math.max(0, ...firsts.values()) + LATE_MS;
  if (firsts.size > 0) await sleep(Math.max(0, ready - performance.now()));
  const kept = session.target.retention_ms ?? KEPT_MS;
  let meshes = 0;
  await each(session, session.roster.all(), async (run) => {
    const read = await t.read(run.id);
    const body = runBodyOf(read);
    if (body === undefined && read.end - run.born < kept && !run.interrupted)
      t.judge(
        run.seen ? "LIF-12" : "CRE-03",
        read,
        `the run, kept for ${Math.round(kept / 1_000)} s`,
        false,
      );
    if (body?.["status"] !== "done") return;
    meshes += 1;
    // One that said something else before is LIF-03's.
    if (run.ended?.status === "done") await firstMesh(t, { exchange: read, body }, true);
    await meshStays(t, run, body["output_url"]);
  });
  if (session.target.lanes !== 1)
    await each(session, someOfEach(session, ended), (run) => cancelAgain(t, run));
  if (meshes === 0)
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
