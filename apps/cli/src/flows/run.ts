import { createClient } from "@modly-runs/contract/client";
import { Definition, type Plan, planOf, type ReadFlow, readFlow, shown } from "@modly-runs/flows";
import { holderHere } from "@modly-runs/flows/local";
import { anywhere } from "@modly-runs/flows/outbound";
import { createFlowRun, type Memory } from "@modly-runs/flows/ports";
import { runFlow, type World } from "@modly-runs/flows/runner";
import { readFile } from "node:fs/promises";

import type { Context } from "../context.ts";
import { type Ending, endingOf, EXIT } from "../exit.ts";
import { wrongWithNewFolder } from "../local/folders.ts";
import { SELF } from "../self.ts";
import { changesOf } from "./changes.ts";
import { givenTo } from "./given.ts";
import { atHome, flowRunCalled, type Home } from "./home.ts";
import type { Act, FlowOptions } from "./options.ts";
import { saveOutputs } from "./save.ts";
import { stepJson, teller } from "./tell.ts";

/** Milliseconds that a server may be away in the middle of a step. */
const PATIENCE = 60_000;

type Read = { ok: true; value: ReadFlow } | { ok: false; ending: Ending };

/** `flow check`: what is wrong with a definition; with pictures, also what they would make of it. */
export const checkFlow: Act = async (context, file, pictures, options) => {
  const read = await readIt(context, file, options);
  if (!read.ok) return read.ending;
  const { definition } = read.value;
  const names = definition.steps.map(({ id }) => id);
  if (pictures.length === 0) {
    context.print(
      `${file} is fine: ${definition.name}, ${names.length} steps (${names.join(", ")}).`,
    );
    return { exit: EXIT.ok, result: { name: definition.name, steps: names } };
  }
  return atHome(async (home) => {
    const planned = await planFor(context, home, file, read.value, pictures, options);
    if (!planned.ok) return planned.ending;
    const { steps } = planned.value;
    context.print(`${file} is fine: ${definition.name}, ${steps.length} steps for these pictures.`);
    return { exit: EXIT.ok, result: { name: definition.name, steps: steps.map(({ id }) => id) } };
  });
};

/** Makes the folder that was named; an ending if that can't be. */
async function wrongWithOutput({ output }: FlowOptions): Promise<Ending | undefined> {
  const wrong = output === undefined ? undefined : await wrongWithNewFolder(output);
  return wrong === undefined ? undefined : { exit: EXIT.file, code: "local_file", message: wrong };
}

/** `flow run`: makes a flow run of a definition and runs it. */
export const startFlow: Act = async (context, file, pictures, options) => {
  const read = await readIt(context, file, options);
  if (!read.ok) return read.ending;
  const { definition } = read.value;
  return atHome(async (home) => {
    const planned = await planFor(context, home, file, read.value, pictures, options);
    if (!planned.ok) return planned.ending;
    const plan = planned.value;
    const wrong = await wrongWithOutput(options);
    if (wrong) return wrong;
    const world = await worldFor(context, definition, plan);
    if ("exit" in world) return world;
    // With everything that was set from here: a resume knows nothing of the options.
    const snapshot = JSON.stringify(definition, null, 2);
    const { id } = await createFlowRun({
      store: home.store,
      definition: snapshot,
      plan,
      now: Date.now(),
    });
    if (!options.quiet) context.terminal.say(`Flow run ${id}`);
    context.event("flow_run", { id, name: plan.name, steps: plan.steps.length });
    return runIt(context, home, id, plan, world, options, false);
  });
};

/** `flow resume`: goes on with a flow run that failed, was cancelled, or was cut off. */
export const resumeFlow: Act = async (context, word, _pictures, options) => {
  const wrong = await wrongWithOutput(options);
  if (wrong) return wrong;
  return atHome(async (home) => {
    const called = await flowRunCalled(home, word);
    if (!called.ok) return called.ending;
    const { id, definition, plan } = (await home.store.get(called.value.id))!;
    const world = await worldFor(context, Definition.parse(JSON.parse(definition)), plan);
    if ("exit" in world) return world;
    return runIt(context, home, id, plan, world, options, true);
  });
};

async function readIt(context: Context, file: string, options: FlowOptions): Promise<Read> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined)
    return {
      ok: false,
      ending: { exit: EXIT.file, code: "local_file", message: `There is no definition ${file}.` },
    };
  const read = readFlow(text, (raw) => changesOf(raw, options));
  return read.ok ? read : { ok: false, ending: wrongDefinition(context, file, read.findings) };
}

function wrongDefinition(
  context: Context,
  file: string,
  findings: readonly Parameters<typeof shown>[0][],
): Ending {
  for (const finding of findings) context.terminal.say(shown(finding, file));
  const message =
    findings.length === 1
      ? "Nothing was run."
      : `${findings.length} things are wrong. Nothing was run.`;
  return { exit: EXIT.usage, code: "invalid_flow", message, result: { findings } };
}

async function planFor(
  context: Context,
  { objects }: Home,
  file: string,
  { definition, locate }: ReadFlow,
  pictures: readonly string[],
  options: FlowOptions,
): Promise<{ ok: true; value: Plan } | { ok: false; ending: Ending }> {
  const given = await givenTo(definition, file, pictures, options, objects);
  if (!given.ok) return { ok: false, ending: endingOf(given.failure) };
  const planned = planOf(definition, given.value);
  if (planned.ok) return planned;
  return { ok: false, ending: wrongDefinition(context, file, planned.faults.map(locate)) };
}

/** The servers of a flow. What is missing is said before anything runs. */
async function worldFor(
  context: Context,
  { servers = {} }: Definition,
  { steps }: Plan,
): Promise<World | Ending> {
  const ways = steps.flatMap((step) => step.ways);
  for (const { with: params } of ways) {
    const name = params["server"];
    const variable = typeof name === "string" ? servers[name]?.token_env : params["token_env"];
    if (typeof variable === "string" && !process.env[variable])
      return {
        exit: EXIT.usage,
        code: "usage",
        message: `The variable ${variable}, which holds a token of the flow, is not set.`,
      };
  }
  if (
    ways.some(({ uses, with: params }) => uses === "generate" && params["server"] === undefined)
  ) {
    const any = await context.servers.any();
    if (!any.ok) return endingOf(any.failure);
  }
  return {
    patience: PATIENCE,
    // Whoever starts a flow here reaches these addresses without it too.
    reach: anywhere,
    env: (name) => process.env[name],
    async server(name) {
      if (name === undefined) {
        const any = await context.servers.any();
        return any.ok ? any.value.client : any.failure.message;
      }
      const { url, token_env: variable } = servers[name]!;
      return createClient({
        baseUrl: url,
        token: variable === undefined ? undefined : process.env[variable],
      });
    },
  };
}

async function runIt(
  context: Context,
  { store, objects }: Home,
  id: string,
  plan: Plan,
  world: World,
  options: FlowOptions,
  resume: boolean,
): Promise<Ending> {
  const leave = new AbortController();
  context.onInterrupt(() => leave.abort());
  const memory: Memory = options.fresh ? { ...store, made: async () => undefined } : store;
  const onSeen = teller(context, plan, await store.steps(id), options.quiet ?? false);
  const signal = leave.signal;
  const outcome = await runFlow(id, {
    store,
    memory,
    objects,
    world,
    holder: holderHere(),
    signal,
    resume,
    onSeen,
  });
  if (!outcome.ok) return { exit: EXIT.refused, code: "in_use", message: outcome.why };
  const { status, rows } = outcome;
  const steps = plan.steps.flatMap((step) => rows.get(step.id) ?? []);
  const told = { flow_run: id, name: plan.name, status, steps: steps.map(stepJson) };
  if (signal.aborted && (status === "running" || status === "pausing" || status === "cancelling"))
    return {
      exit: EXIT.interrupted,
      code: "interrupted",
      message: `Stopped. Go on with \`${SELF} flow resume ${id}\`.`,
      result: told,
    };
  const outputs = await saveOutputs(plan, rows, objects, options.output);
  const files = outputs.flatMap(({ file }) => file ?? []);
  for (const { name, of, file, text, number } of outputs)
    context.print(file ?? `${[of, name].filter(Boolean).join(" ")}: ${text ?? number}`);
  const result = { ...told, outputs, files };
  if (status === "done") return { exit: EXIT.ok, result };
  if (status === "cancelled")
    return {
      exit: EXIT.runCancelled,
      code: "flow_cancelled",
      message: `The flow run ${id} was cancelled.`,
      result,
    };
  const failed = steps.filter(({ state }) => state.status === "failed").map(({ step }) => step);
  const skipped = steps.filter(({ state }) => state.status === "skipped").length;
  return {
    exit: EXIT.runError,
    code: "flow_failed",
    message: `${failed.length === 1 ? "1 step" : `${failed.length} steps`} failed (${failed.slice(0, 5).join(", ")}), ${skipped} skipped. Try these again with \`${SELF} flow resume ${id}\`.`,
    result,
  };
}
