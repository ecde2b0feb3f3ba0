import { isEnded } from "@modly-runs/contract";
import { setTimeout as sleep } from "node:timers/promises";

import { createOnce, usual } from "../scenarios/hardening/asking.ts";
import type { Bench } from "../scenarios/bench.ts";
import type { Exchange } from "../wire/exchange.ts";
import { garbagePng } from "../wire/pictures.ts";
import type { Kind, Program, Step } from "./program.ts";

async function partsFor(t: Bench, kind: Kind) {
  const situation = kind === "long" ? "runs_long" : kind === "failing" ? "fails" : "succeeds";
  const found = await t.session.situation(situation);
  // A target without such runs gets a plain one: the program is the same, its lives are shorter.
  if (!found.ok) return usual(t);
  const { image, fields } = await t.parts(situation);
  return [...fields, kind === "broken" ? { ...image, content: garbagePng() } : image];
}

/** A read whose client goes away before the answer. */
const hangUp = (t: Bench, id: string) =>
  t.session.send(
    t.scenario,
    { method: "GET", path: `/workflow-runs/${id}` },
    { signal: AbortSignal.timeout(1), answerOwed: false },
  );

/** Plays a program against the target and returns what was sent and received because of it. */
export async function play(t: Bench, program: Program): Promise<readonly Exchange[]> {
  const exchanges: Exchange[] = [];
  const ids: string[] = [];
  const quarter = (t.session.measured?.run ?? 100) / 4;
  const note = (exchange: Exchange) => void exchanges.push(exchange);
  const act = async (step: Step): Promise<void> => {
    if (step.act === "wait") return sleep(Math.min(2_000, step.quarters * quarter));
    if (step.act === "create") {
      const exchange = await createOnce(t, await partsFor(t, step.kind));
      note(exchange);
      const id = t.acceptedId(exchange);
      if (id !== undefined) ids.push(id);
      return;
    }
    const id = ids.at(-1 - step.run);
    if (id === undefined) return;
    if (step.act === "read") note(await t.read(id));
    else if (step.act === "cancel") note(await t.cancel(id));
    else await hangUp(t, id);
  };
  const all = async (steps: readonly Step[]) => {
    for (const step of steps) await act(step);
  };
  await all(program.prefix);
  await Promise.all(program.branches.map(all));
  // Long runs are not waited for: what is left is cancelled, and has to end.
  for (const id of ids) {
    const exchange = await t.read(id);
    note(exchange);
  }
  const patience = 2 * (t.session.measured?.run ?? 100) + 100;
  await Promise.all(
    ids.map(async (id) => {
      const end = await t.until(id, isEnded, patience);
      if (end === undefined) {
        note(await t.cancel(id));
        await t.until(id, isEnded);
      }
      note(await t.read(id));
      note(await t.read(id));
    }),
  );
  return exchanges;
}
