import {
  type Definition,
  faultsIn,
  faultsOf,
  listed,
  meant,
  type Path,
  planOf,
  type Plan,
  type Value,
  written,
} from "@modly-runs/flows";
import type { FieldError } from "@modly-runs/contract";
import type { ZodError } from "zod";

import { TASK_NAMES } from "../contract/tasks.ts";
import { CreateWorkflow, WorkflowStepDefinition } from "../contract/workflow.ts";
import type { GivenFiles, Wrong } from "./making.ts";
import { kindNames, translate } from "./translate.ts";

/** A workflow that holds together: its flow, and the files that it has to be given before it is a plan. */
export interface ReadWorkflow {
  readonly definition: Definition;
  readonly files: readonly GivenFiles[];
  /** Resolves everything, with what the files became. */
  plan(given: Readonly<Record<string, readonly Value[]>>): Outcome<Plan>;
}

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

/** What is wrong with a form is told so often: nobody reads more, and each of them costs. */
const MOST_ISSUES = 100;

/** What is wrong with the form of a body or a query, each at its place. What follows a slip there is the same slip. */
export function errorsOf(error: ZodError, raw: unknown): FieldError[] {
  const errors = faultsOf(error.issues.slice(0, MOST_ISSUES), knownAt).map(
    ({ path, message, key }) => ({
      field: written(key === undefined ? path : [...path, key]) || "body",
      message: path.at(-1) === "task_type" ? unknownTask(path, raw) : message,
    }),
  );
  return firstOf(errors, ({ field }) => field);
}

function unknownTask(path: Path, raw: unknown): string {
  let found = raw;
  for (const part of path) found = (found as Record<string | number, unknown> | undefined)?.[part];
  const known =
    path.filter((part) => part === "steps").length > 1 ? TASK_NAMES : [...TASK_NAMES, "EACH"];
  if (found === undefined) return `task_type is missing. There is ${listed(known)}.`;
  if (found === "EACH") return "EACH can't be inside EACH.";
  return `There is no task ${JSON.stringify(found)}.${typeof found === "string" ? meant(found, known) : ""}`;
}

/** Reads the body of a create, and says everything that is wrong with it, each at its place. */
export function readWorkflow(
  body: CreateWorkflow,
  providers: readonly string[],
): Outcome<ReadWorkflow> {
  const { flow, files, wrong, placeOf } = translate(body, providers);
  const found = faultsIn(flow);
  const refused = (faults: readonly Wrong[]) => ({
    ok: false as const,
    errors: once(
      faults.map(({ path, message }) => ({ field: written(path), message: inOurWords(message) })),
    ),
  });
  const moved = (faults: readonly { path: Path; message: string; key?: string | undefined }[]) =>
    faults.map(({ path, message, key }) => ({
      path:
        key === undefined ? placeOf(path) : withKey(placeOf(path), placeOf([...path, key]), key),
      message,
    }));
  const all = [...wrong, ...(Array.isArray(found) ? moved(found) : [])];
  if (all.length > 0 || Array.isArray(found)) return refused(all);
  return {
    ok: true,
    value: {
      definition: found,
      files,
      plan(given) {
        const planned = planOf(found, given);
        if (planned.ok) return planned;
        const places = new Map(files.map(({ input, place }) => [input, place]));
        return refused(
          moved(planned.faults).map(({ path, message }) => ({
            path: path[0] === "inputs" ? (places.get(String(path[1])) ?? ["steps"]) : path,
            message,
          })),
        );
      },
    },
  };
}

/** The place of a word that is too much: where it was mapped from, or below its holder. */
const withKey = (holder: Path, place: Path, key: string): Path =>
  place.at(-1) === key || place.at(-2) === "input_mappings" ? place : [...holder, key];

/** A flow says `with` and `inputs`, and calls tasks by their kinds. */
function inOurWords(message: string): string {
  return message
    .replace(/needs with\.(\w+)/, "needs config.$1")
    .replace(/needs inputs\.(\w+)/, "needs $1, in config or by input_mappings")
    .replace("in with and in inputs", "in config and in input_mappings")
    .replace(/\beach\b/g, "EACH")
    .replace(/^(\w+)(?=\.\w+ takes| takes| gives)/, (kind) => kindNames.get(kind) ?? kind)
    .replace(/(?<=which )(\w+)(?= gives)/, (kind) => kindNames.get(kind) ?? kind)
    .replace("with only: first", 'with transform "first"');
}

const once = (errors: readonly FieldError[]): FieldError[] =>
  firstOf(errors, ({ field, message }) => JSON.stringify([field, message]));

/** Of those that are alike, the first. */
function firstOf<T>(all: readonly T[], key: (one: T) => string): T[] {
  const seen = new Set<string>();
  return all.filter((one) => !seen.has(key(one)) && seen.add(key(one)));
}

function knownAt({ path }: { path: readonly (string | number)[] }): readonly string[] {
  if (path.length === 0) return Object.keys(CreateWorkflow.shape);
  if (path.at(-1) === "input_mappings" || path.at(-2) === "input_mappings")
    return ["from_step", "from_field", "to_field", "transform"];
  const [each, doing] = WorkflowStepDefinition.options;
  return path.at(-2) === "steps" ? Object.keys({ ...doing.shape, ...each.shape }) : [];
}
