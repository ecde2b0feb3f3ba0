import { isEnded, isRunStatus } from "@modly-runs/contract";

import { contradictionIn } from "../history/check.ts";
import { historiesOf } from "../history/observations.ts";
import type { CheckId } from "../requirements/index.ts";
import { CannotGoOn } from "../session/session.ts";
import type { Bench } from "./bench.ts";

/** One story must explain what was seen of these runs. */
export function oneStory(t: Bench, id: CheckId, ids: readonly string[]): void {
  const ours = t.session.recorder.exchanges.filter(
    ({ meaning }) => "runId" in meaning && ids.includes(meaning.runId),
  );
  for (const history of historiesOf(ours, t.session.strict)) {
    const found = contradictionIn(history);
    const shown = found ? [found.first, ...(found.second ? [found.second] : [])] : [];
    t.session.ledger.add(id, {
      ok: found === undefined,
      expected: "one story of the run explains all answers",
      observed: found?.message ?? "",
      exchanges: shown.map(({ exchange }) => exchange),
    });
  }
}

/** A long run at work. */
export type Long = {
  readonly id: string;
  /** It cannot have begun its work before this moment, in milliseconds. */
  readonly since: number;
};

/**
 * Starts a long run and waits until it is really running: a cancel of a run that still waits for a
 * place says nothing of one at work. Of a server that never shows running nothing is waited for.
 */
export async function startLong(t: Bench): Promise<Long> {
  const started = await t.start("runs_long");
  // A plain run that has to do for a long one may be over while we wait for it to begin.
  const given = typeof t.session.target.situations?.runs_long === "object";
  const { since, begun, seen } = await t.begins(started);
  if (!begun) {
    await t.release(started.id);
    throw new CannotGoOn(
      `A long run was still pending after ${Math.round(t.session.budgets.end)} ms: every place is taken. Do cancelled runs give theirs back (see CAN-02, CAN-03)?`,
    );
  }
  const status = seen?.body["status"];
  if (given && isRunStatus(status) && isEnded(status) && status !== "cancelled")
    throw new CannotGoOn(`A run of runs_long was ${status} when it was first seen at work.`);
  return { id: started.id, since };
}

/** B has to end done whatever happens to A. */
export async function unharmed(t: Bench, check: CheckId, b: string): Promise<void> {
  const end = await t.endOf(b);
  if (end) t.judge(check, end.exchange, "the other run ends done", end.body["status"] === "done");
  else t.expect(check, false, "the other run ends done", "it did not end in time");
}
