import { setTimeout as wait } from "node:timers/promises";

import { createClient } from "@modly-runs/contract/client";
import { Definition, isEnded } from "@modly-runs/flows";
import { holderHere } from "@modly-runs/flows/local";
import { anywhere } from "@modly-runs/flows/outbound";
import type { FlowSummary } from "@modly-runs/flows/ports";
import { runFlow } from "@modly-runs/flows/runner";

import { EXIT } from "../exit.ts";
import { atHome, flowRunCalled, type Home } from "./home.ts";
import type { Act } from "./options.ts";
import { doneLine, stepJson } from "./tell.ts";

/** Younger bytes may belong to a flow run that is just being made. */
const YOUNG = 60_000;
/** Milliseconds that a process has to end a flow run that is to be cancelled. */
const CANCEL = 30_000;

const time = (at: number) => new Date(at).toISOString().slice(0, 16).replace("T", " ");

const summaryJson = ({ id, name, status, steps, done, createdAt, endedAt }: FlowSummary) => ({
  flow_run: id,
  name,
  status,
  steps,
  done,
  created_at: new Date(createdAt).toISOString(),
  ended_at: endedAt === null ? null : new Date(endedAt).toISOString(),
});

/** `flow list`: the latest flow runs of this machine. */
export const listFlows: Act = (context) =>
  atHome(async ({ store }) => {
    const all = await store.list(20);
    for (const { id, name, status, steps, done, createdAt } of all)
      context.print(`${time(createdAt)}  ${id}  ${status.padEnd(9)}  ${done}/${steps}  ${name}`);
    if (all.length === 0) context.terminal.say("No flow was run from this machine yet.");
    return { exit: EXIT.ok, result: { flow_runs: all.map(summaryJson) } };
  });

/** `flow show`: a flow run and its steps. */
export const showFlow: Act = (context, word) =>
  atHome(async (home) => {
    const called = await flowRunCalled(home, word);
    if (!called.ok) return called.ending;
    const { plan, definition } = (await home.store.get(called.value.id))!;
    const rows = new Map((await home.store.steps(called.value.id)).map((row) => [row.step, row]));
    const { id, name, status, done, steps } = called.value;
    context.print(`${name}: ${status}, ${done} of ${steps} steps done (${id})`);
    const width = Math.max(...plan.steps.map((step) => step.id.length));
    for (const { id: step, ways } of plan.steps) {
      const row = rows.get(step);
      const how =
        row?.state.status === "done"
          ? doneLine(row, ways.length)
          : (row?.state.status ?? "waiting");
      const why = row?.error && row.state.status !== "done" ? `: ${row.error}` : "";
      context.print(`  ${step.padEnd(width)}  ${how}${why}`);
    }
    const seconds = [...rows.values()].reduce((sum, row) => sum + (row.seconds ?? 0), 0);
    if (seconds > 0) context.print(`  ${seconds.toFixed(1)} s of models`);
    const result = {
      ...summaryJson(called.value),
      model_seconds: seconds,
      definition: JSON.parse(definition) as unknown,
      done_steps: done,
      steps: plan.steps.map((step) => {
        const row = rows.get(step.id);
        return row ? stepJson(row) : { step: step.id, status: "waiting", attempt: 0 };
      }),
    };
    return { exit: EXIT.ok, result };
  });

/** `flow cancel`: ends a flow run, wherever on this machine it runs, and its runs on servers. */
export const cancelFlow: Act = (context, word) =>
  atHome(async (home) => {
    const called = await flowRunCalled(home, word);
    if (!called.ok) return called.ending;
    const { id } = called.value;
    if (!isEnded(called.value.status) || called.value.status === "paused")
      await cancel(context, home, id);
    const [after] = (await home.store.list(10_000)).filter((one) => one.id === id);
    const { status } = after!;
    context.print(status);
    if (status === "cancelled" || isEnded(status))
      return { exit: EXIT.ok, result: summaryJson(after!) };
    return {
      exit: EXIT.timeout,
      code: "timeout",
      message: `The flow run ${id} has not ended yet; it will.`,
    };
  });

async function cancel(
  { servers: at }: Parameters<Act>[0],
  { store, objects }: Home,
  id: string,
): Promise<void> {
  await store.wish(id, "cancel");
  const { definition } = (await store.get(id))!;
  const { servers = {} } = Definition.parse(JSON.parse(definition));
  const ended = await runFlow(id, {
    store,
    memory: store,
    objects,
    holder: holderHere(),
    world: {
      patience: 5000,
      reach: anywhere,
      env: (name) => process.env[name],
      async server(name) {
        // None is started just to be told that it need not do anything.
        if (name === undefined) return at.existing().client;
        const { url, token_env: variable } = servers[name]!;
        return createClient({
          baseUrl: url,
          token: variable === undefined ? undefined : process.env[variable],
        });
      },
    },
  });
  if (ended.ok) return;
  // Another process runs it, and has been told.
  for (const since = Date.now(); Date.now() - since < CANCEL; await wait(100))
    if (isEnded((await store.get(id))?.status ?? "cancelled")) return;
}

/** `flow clean`: forgets flow runs, and removes the kept files that nothing else refers to. */
export const cleanFlows: Act = (context, word, _pictures, { all }) =>
  atHome(async (home) => {
    const { store, objects } = home;
    let chosen: FlowSummary[];
    if (all) chosen = (await store.list(1_000_000)).filter(({ status }) => isEnded(status));
    else {
      const called = await flowRunCalled(home, word);
      if (!called.ok) return called.ending;
      chosen = [called.value];
    }
    const { isGone } = holderHere();
    for (const { id } of chosen) {
      const hold = (await store.hold(id))?.hold;
      if (hold && hold.left > 0 && !isGone(hold.holder))
        return {
          exit: EXIT.refused,
          code: "in_use",
          message: `The flow run ${id} is being run. Cancel it first.`,
        };
      await store.remove(id);
    }
    const { removed, bytes } = await objects.sweep(await store.used(), Date.now() - YOUNG);
    context.print(
      `${chosen.length} flow ${chosen.length === 1 ? "run" : "runs"} and ${removed} files removed, ${(bytes / 1024 / 1024).toFixed(1)} MiB.`,
    );
    return {
      exit: EXIT.ok,
      result: { flow_runs: chosen.map(({ id }) => id), files: removed, bytes },
    };
  });
