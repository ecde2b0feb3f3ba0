import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { parse } from "yaml";

import { type Ended, execute } from "../command.ts";

/** The folder of the action, as GitHub names it to the steps. */
export const ACTION = fileURLToPath(new URL("../../action", import.meta.url));

interface Step {
  name: string;
  id?: string;
  if?: string;
  shell: string;
  run: string;
  env?: Record<string, string>;
}

interface Action {
  inputs: Record<string, { default?: string; required?: boolean }>;
  outputs: Record<string, { value: string }>;
  runs: { using: string; steps: Step[] };
}

/** The action as it is written down. */
export const action = parse(await readFile(join(ACTION, "action.yml"), "utf8")) as Action;

/** What a job gives to an action: its inputs, the event, and places to write to. */
export interface Job {
  /** The checkout of the server that is changed. */
  folder: string;
  /** RUNNER_TEMP: empty when the job begins. */
  temp: string;
  inputs: Record<string, string>;
  github: Record<string, unknown>;
  env: Record<string, string>;
}

type Context = Record<string, unknown>;

function lookUp(path: string, context: Context): unknown {
  return path
    .trim()
    .split(".")
    .reduce<unknown>((value, key) => (value as Context | undefined)?.[key], context);
}

/** The little of GitHub's expressions that the action uses: names, `||`, `&&` and `== 'text'`. */
function evaluate(expression: string, context: Context): string {
  const isText = (value: unknown) => typeof value === "string" || typeof value === "number";
  const term = (text: string) => {
    const equals = /^\s*(\S+)\s*==\s*'([^']*)'\s*$/.exec(text);
    if (equals) return lookUp(equals[1] ?? "", context) === equals[2] ? "true" : "";
    const value = lookUp(text, context);
    return isText(value) ? String(value) : "";
  };
  for (const alternative of expression.split("||")) {
    const terms = alternative.split("&&").map(term);
    if (terms.every((value) => value !== "")) return terms.at(-1) ?? "";
  }
  return "";
}

const filled = (text: string, context: Context) =>
  text.replaceAll(/\$\{\{(.*?)\}\}/g, (_all, expression: string) => evaluate(expression, context));

/** What a job left behind. */
export interface Played {
  steps: Record<string, Ended>;
  outputs: Record<string, string>;
  summary: string;
}

/** Runs one step of the action with bash, as a runner does. */
export async function playStep(step: Step, job: Job, context: Context): Promise<Ended> {
  const env = Object.entries(step.env ?? {}).map(([name, text]) => [name, filled(text, context)]);
  return execute("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", step.run], job.folder, {
    ...job.env,
    ...Object.fromEntries(env),
    GITHUB_ACTION_PATH: ACTION,
    RUNNER_TEMP: job.temp,
    GITHUB_OUTPUT: join(job.temp, "output"),
    GITHUB_STEP_SUMMARY: join(job.temp, "summary"),
  });
}

/** Runs the steps of the action one after another; after one that fails, no other. */
export async function play(job: Job, leftOut: readonly string[] = []): Promise<Played> {
  const defaults = Object.entries(action.inputs).map(([name, { default: text = "" }]) => [
    name,
    filled(text, { github: job.github }),
  ]);
  const outputsOf: Record<string, { outputs: Record<string, string> }> = {};
  const context: Context = {
    github: job.github,
    inputs: { ...Object.fromEntries(defaults), ...job.inputs },
    steps: outputsOf,
  };
  await writeFile(join(job.temp, "summary"), "");
  const steps: Record<string, Ended> = {};
  for (const step of action.runs.steps) {
    if (leftOut.includes(step.name)) continue;
    if (step.if !== undefined && evaluate(step.if, context) === "") continue;
    await writeFile(join(job.temp, "output"), "");
    const ended = await playStep(step, job, context);
    steps[step.name] = ended;
    const lines = (await readFile(join(job.temp, "output"), "utf8")).split("\n");
    const pairs = lines.flatMap((line) => {
      const at = line.indexOf("=");
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const];
    });
    if (step.id !== undefined) outputsOf[step.id] = { outputs: Object.fromEntries(pairs) };
    if (ended.code !== 0) break;
  }
  const outputs = Object.entries(action.outputs).map(([name, { value }]) => [
    name,
    filled(value, context),
  ]);
  const summary = await readFile(join(job.temp, "summary"), "utf8");
  return { steps, outputs: Object.fromEntries(outputs) as Record<string, string>, summary };
}
