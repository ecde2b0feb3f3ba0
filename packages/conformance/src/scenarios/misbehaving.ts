import { isEnded } from "@modly-runs/contract";
import { setTimeout as sleep } from "node:timers/promises";

import { CannotGoOn } from "../session/session.ts";
import type { Also } from "../target/config.ts";
import { statusOf, told } from "./answers.ts";
import type { Bench } from "./bench.ts";
import { PREDICATE_IDS } from "./predicates.ts";
import type { Scenario } from "./scenario.ts";

/** A run may fail of what was done to the one before, and then shows nothing of its own model. */
const TRIES = 3;

/** One run of a model that misbehaves: its reads are judged like any others, and so is its mesh. */
async function lead(t: Bench, recipe: Also, tries = TRIES): Promise<void> {
  const { model_id, params, cancel_after_ms } = recipe;
  t.believe("succeeds", { ...(model_id === undefined ? {} : { model_id }), params: params ?? {} });
  const { id, exchange } = await t.start();
  if (cancel_after_ms !== undefined) {
    await sleep(cancel_after_ms);
    await t.cancel(id);
  }
  const end = await t.until(id, isEnded);
  const broken = t.session.recorder.exchanges.find(
    ({ meaning, response }) =>
      meaning.act === "read" && meaning.runId === id && (response?.status ?? 0) >= 500,
  );
  if (broken)
    t.judge("WIRE-01", broken, `a read of a run with ${JSON.stringify(params)}, not 5xx`, false);
  t.expect(
    "LIF-05",
    end !== undefined,
    `the run ends, whatever its model does (${JSON.stringify(params ?? {})})`,
    "it did not end in time, or no read of it could be understood",
    exchange,
  );
  // What still works behind the end may write into the run.
  const behind = Math.max(2 * t.session.budgets.stable, 1_500);
  for (let waited = 0; waited < behind; waited += 100) {
    await sleep(100);
    await t.read(id);
  }
  if (end?.body["status"] === "error" && tries > 1) return lead(t, recipe, tries - 1);
  const url = end?.body["output_url"];
  if (end?.body["status"] !== "done" || typeof url !== "string") return;
  const mesh = await t.send({ method: "GET", path: url }, { meaning: { act: "output" } });
  const there = statusOf(mesh) === 200;
  t.expect(
    "LIF-07",
    there,
    "done, so output_url downloads",
    `${url}: ${told(mesh)}`,
    end.exchange,
    mesh,
  );
}

export const MISBEHAVING: readonly Scenario[] = [
  {
    name: "models that misbehave",
    feeds: [],
    shows: [...PREDICATE_IDS, "LIF-05", "LIF-07"],
    needs: ["succeeds"],
    alone: true,
    async run(t) {
      const { also = [] } = t.session.target;
      if (also.length === 0) throw new CannotGoOn("The configuration names none in also.", "n/a");
      for (const recipe of also) await lead(t, recipe);
    },
  },
];
