import { type KindName, kindOf, type Path } from "@modly-runs/flows";

import { filesOf, TASKS } from "../contract/tasks.ts";
import type { CreateWorkflow, DoingTask, EachTask, TaskStep } from "../contract/workflow.ts";
import {
  addressOf,
  give,
  type GivenFiles,
  keyOf,
  type Making,
  mappingOf,
  providerOf,
  type Wrong,
} from "./making.ts";

/** A workflow as a flow. */
export interface Translation {
  /** Not yet checked: `faultsIn` says what is wrong with it. */
  readonly flow: Record<string, unknown>;
  readonly files: readonly GivenFiles[];
  /** What can't be said of the flow, because it never got there. */
  readonly wrong: readonly Wrong[];
  /** Where a place of the flow is in the body. */
  placeOf(path: Path): Path;
}

/**
 * Says in the words of a flow what the body of a create says. It is no second engine and no second check: what is
 * wrong with the flow is found there, and `placeOf` leads back.
 *
 * @param providers the names of servers, the first of which is taken where none is said
 */
export function translate(body: CreateWorkflow, providers: readonly string[]): Translation {
  const making: Making = { files: [], wrong: [], places: new Map(), providers };
  const steps = body.steps.map((step, at) => stepOf(step, ["steps", at], making));
  return {
    flow: {
      version: 1,
      name: body.name,
      ...(body.config.parallel === undefined ? {} : { parallel: body.config.parallel }),
      servers: Object.fromEntries(providers.map((name) => [name, { url: "http://provider" }])),
      ...(making.files.length === 0
        ? {}
        : {
            inputs: Object.fromEntries(
              making.files.map(({ input, type, many }) => [
                input,
                { type, ...(many ? { many } : {}) },
              ]),
            ),
          }),
      steps,
      // What came of the steps is read from them.
      outputs: {},
    },
    files: making.files,
    wrong: making.wrong,
    placeOf(path) {
      for (let end = path.length; end > 0; end--) {
        const place = making.places.get(keyOf(path.slice(0, end)));
        if (place) return [...place, ...path.slice(end)];
      }
      return path;
    },
  };
}

function stepOf(step: TaskStep, here: Path, making: Making): Record<string, unknown> {
  return step.task_type === "EACH" ? eachOf(step, here, making) : doingOf(step, here, making);
}

function eachOf(step: EachTask, here: Path, making: Making): Record<string, unknown> {
  const { places, wrong } = making;
  const { over, others } = overOf(step, here, making);
  for (const at of others)
    wrong.push({
      path: [...here, "input_mappings", at, "to_field"],
      message: "EACH takes nothing but over.",
    });
  places.set(keyOf([...here, "uses"]), [...here, "task_type"]);
  places.set(keyOf([...here, "needs"]), [...here, "depends_on"]);
  return {
    id: step.id,
    uses: "each",
    over,
    ...needs(step),
    steps: step.steps.map((one, at) => doingOf(one, [...here, "steps", at], making)),
    ...(step.outputs
      ? {
          outputs: Object.fromEntries(
            Object.entries(step.outputs).map(([name, { from_step, from_field }]) => [
              name,
              addressOf(from_step, from_field),
            ]),
          ),
        }
      : {}),
  };
}

function overOf({ id, config, input_mappings: mappings }: EachTask, here: Path, making: Making) {
  const { wrong, places } = making;
  const mapped = mappings.flatMap((mapping, at) => (mapping.to_field === "over" ? [at] : []));
  const others = mappings.flatMap(({ to_field: to }, at) => (to === "over" ? [] : [at]));
  if (config.over && mapped.length > 0)
    wrong.push({
      path: [...here, "config", "over"],
      message: "over is said twice: in config and in input_mappings.",
    });
  if (config.over) {
    const place = [...here, "config", "over"];
    places.set(keyOf([...here, "over"]), place);
    return { over: `input.${give(making, "image", config.over, place, true)}`, others };
  }
  if (mapped.length === 0) {
    wrong.push({
      path: [...here, "config"],
      message: `The step ${id} needs over: addresses of pictures in config, or a list of another step by input_mappings.`,
    });
    // Anything that is a list, so that the rest is looked at too.
    return { over: `input.${give(making, "image", [], here, true)}`, others };
  }
  places.set(keyOf([...here, "over"]), [...here, "input_mappings", mapped[0]!]);
  for (const [nth, at] of mapped.entries())
    places.set(keyOf([...here, "over", nth]), [...here, "input_mappings", at]);
  const all = mapped.map((at) => mappingOf(mappings[at]!, [...here, "input_mappings", at], making));
  return { over: all.length === 1 ? all[0] : all, others };
}

function doingOf(step: DoingTask, here: Path, making: Making): Record<string, unknown> {
  const kind = TASKS[step.task_type];
  const { places } = making;
  const to = (from: Path, place: Path) =>
    places.set(keyOf([...here, ...from]), [...here, ...place]);
  to(["uses"], ["task_type"]);
  to(["with"], ["config"]);
  to(["needs"], ["depends_on"]);
  to(["retries"], ["max_retries"]);
  const inputs = inputsOf(step, here, making);
  const told = toldOf(step, here, making);
  const fallback = fallbackOf(step, here, making);
  return {
    id: step.id,
    uses: kind,
    with: told,
    ...(Object.keys(inputs).length > 0 ? { inputs } : {}),
    ...needs(step),
    ...(step.max_retries > 0 ? { retries: step.max_retries } : {}),
    ...(step.timeout === undefined ? {} : { timeout: step.timeout }),
    ...(step.locked === undefined ? {} : { locked: step.locked }),
    ...(fallback ? { fallback } : {}),
  };
}

const needs = ({ depends_on: on }: TaskStep) => (on.length > 0 ? { needs: on } : {});

/** What a step takes: files that the config names, and outputs of others. */
function inputsOf(step: DoingTask, here: Path, making: Making): Record<string, unknown> {
  // Callers choose the names: there must be none before them.
  const inputs = Object.create(null) as Record<string, unknown[]>;
  const kind = kindOf(TASKS[step.task_type]);
  for (const name of filesOf(step.task_type)) {
    const written = step.config[name];
    if (written === undefined) continue;
    const place = [...here, "config", name];
    const many = (kind.inputs[name]!.max ?? 1) > 1;
    const addresses = many && Array.isArray(written) ? (written as unknown[]) : [written];
    if (!addresses.every((one) => typeof one === "string")) {
      making.wrong.push({ path: place, message: "It must be an address: https:// or data:." });
    }
    const texts = addresses.filter((one): one is string => typeof one === "string");
    inputs[name] = [`input.${give(making, kind.inputs[name]!.type, texts, place, many)}`];
    making.places.set(keyOf([...here, "inputs", name]), place);
  }
  for (const [at, mapping] of step.input_mappings.entries()) {
    const { to_field: name } = mapping;
    const place = [...here, "input_mappings", at];
    const list = (inputs[name] ??= []);
    if (list.length === 0) making.places.set(keyOf([...here, "inputs", name]), place);
    making.places.set(keyOf([...here, "inputs", name, list.length]), place);
    list.push(mappingOf(mapping, place, making));
  }
  const [first] = Object.keys(inputs).filter(
    (name) => !kind.inputs[name] && !Object.hasOwn(kind.params.shape, name),
  );
  if (first !== undefined && inputs[first])
    making.places.set(
      keyOf([...here, "inputs"]),
      making.places.get(keyOf([...here, "inputs", first])) ?? [...here, "input_mappings"],
    );
  return Object.fromEntries(
    Object.entries(inputs).map(([name, list]) => [name, list.length === 1 ? list[0] : list]),
  );
}

/** What a step is told: the config without its files; of GENERATION the provider too. */
function toldOf(step: DoingTask, here: Path, making: Making): Record<string, unknown> {
  const files = filesOf(step.task_type);
  const told = Object.fromEntries(
    Object.entries(step.config).filter(([name]) => !files.includes(name)),
  );
  const place = [...here, "provider_config"];
  if (step.task_type === "SEND" && told["token_env"] !== undefined)
    making.wrong.push({
      path: [...here, "config", "token_env"],
      message:
        "A workflow can't name variables of the service: send to an address that needs no token.",
    });
  if (step.task_type !== "GENERATION") {
    for (const name of [
      "provider_config",
      "fallback_provider_type",
      "fallback_provider_config",
    ] as const)
      if (step[name])
        making.wrong.push({
          path: [...here, name],
          message: `Only GENERATION has a provider; ${step.task_type} is done by the service.`,
        });
    return told;
  }
  if (told["server"] !== undefined)
    making.wrong.push({
      path: [...here, "config", "server"],
      message: "A server is named by provider_config.provider_type.",
    });
  const { provider_type: named, ...rest } = step.provider_config ?? {};
  const server = providerOf(named, [...place, "provider_type"], making);
  for (const name of Object.keys(rest)) {
    if (told[name] !== undefined)
      making.wrong.push({
        path: [...place, name],
        message: `${name} is said twice: in config and in provider_config.`,
      });
    making.places.set(keyOf([...here, "with", name]), [...place, name]);
  }
  return { ...told, ...rest, server };
}

function fallbackOf(
  step: DoingTask,
  here: Path,
  making: Making,
): Record<string, unknown> | undefined {
  const { fallback_provider_type: type, fallback_provider_config: config } = step;
  if (step.task_type !== "GENERATION" || (!type && !config)) return undefined;
  const server = providerOf(type, [...here, "fallback_provider_type"], making);
  making.places.set(keyOf([...here, "fallback", "with"]), [...here, "fallback_provider_config"]);
  making.places.set(keyOf([...here, "fallback"]), [...here, "fallback_provider_type"]);
  if (config?.["server"] !== undefined)
    making.wrong.push({
      path: [...here, "fallback_provider_config", "server"],
      message: "A server is named by fallback_provider_type.",
    });
  // The model stays as it is where only another server is named.
  const model = step.provider_config?.["model"] ?? step.config["model"];
  return { with: { ...(model === undefined ? {} : { model }), ...config, server } };
}

/** Kinds of steps by their names, as they begin a sentence of a flow's fault. */
export const kindNames: ReadonlyMap<string, string> = new Map(
  Object.entries(TASKS).map(([task, kind]) => [kind satisfies KindName, task]),
);
