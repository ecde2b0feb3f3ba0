import { contradictionIn } from "../history/check.ts";
import { historiesOf } from "../history/observations.ts";
import type { CheckId } from "../requirements/index.ts";
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

/** Starts a long run and waits until it is really running, if it ever says so. */
export async function startLong(t: Bench): Promise<{ id: string; start: number }> {
  const { id, exchange } = await t.start("runs_long");
  // A plain run that has to do for a long one may be over while we wait for it to begin.
  if (typeof t.session.target.situations?.runs_long === "object")
    await t.until(id, (status) => status !== "pending", Math.max(200, t.session.budgets.stable));
  return { id, start: exchange.start };
}

/** B has to end done whatever happens to A. */
export async function unharmed(t: Bench, check: CheckId, b: string): Promise<void> {
  const end = await t.endOf(b);
  if (end) t.judge(check, end.exchange, "the other run ends done", end.body["status"] === "done");
  else t.expect(check, false, "the other run ends done", "it did not end in time");
}
