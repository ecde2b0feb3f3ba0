import type { z } from "zod";

import { cyclesOf, usedOf } from "./order.ts";
import type { Fault, Path } from "./finding.ts";
import { type Kind, kindOf, paramType } from "./kinds.ts";
import { type Mapped, type Mapping, mappingsOf, type Mappings } from "./mapping.ts";
import { RESERVED, type Definition, type DoingStep, type EachStep, type Step } from "./schema.ts";
import { type Meaning, type Scope, meaningOf, scopeOf } from "./scope.ts";
import { fits, type Port } from "./types.ts";
import { faultsOf, meant } from "./words.ts";

/** What is wrong is told so often, and looked for no further: each fault costs a search for what was meant. */
const MOST_FAULTS = 100;

/** What is wrong with a definition whose form is right: everything, or the first hundred. */
export function check(definition: Definition): Fault[] {
  const faults: Fault[] = [];
  const find = (path: Path, message: string, key?: string) => faults.push({ path, message, key });
  const checking: Checking = { definition, find, enough: () => faults.length >= MOST_FAULTS };

  // What an address means can be told only where each name is one step's, and nothing waits for itself.
  for (const first of [checkNames, checkCycles]) {
    first(checking, definition.steps, ["steps"]);
    if (faults.length > 0) return faults;
  }

  for (const [name, { type, default: given, many }] of Object.entries(definition.inputs ?? {}))
    if (given !== undefined && (many || (type === "number") !== (typeof given === "number")))
      find(
        ["inputs", name, "default"],
        many
          ? `The input ${name} is a list, and a list has no default.`
          : `The input ${name} is ${a(type)}, and its default is ${a(typeof given === "number" ? "number" : "text")}.`,
      );

  const scope = scopeOf(definition);
  checkSteps(checking, definition.steps, scope, ["steps"]);
  for (const [name, mapping] of Object.entries(definition.outputs ?? {})) {
    checkAddress(checking, mapping, scope, ["outputs", name]);
  }
  return faults;
}

interface Checking {
  readonly definition: Definition;
  readonly find: (path: Path, message: string, key?: string) => void;
  /** True when no more faults need to be looked for. */
  readonly enough: () => boolean;
}

function checkSteps(checking: Checking, steps: readonly Step[], scope: Scope, path: Path): void {
  const { find, enough } = checking;
  for (const [at, step] of steps.entries()) {
    if (enough()) return;
    const here = [...path, at];
    for (const [nth, need] of (step.needs ?? []).entries())
      if (!enough() && !scope.steps.has(need) && !scope.outer?.steps.has(need))
        find(
          [...here, "needs", nth],
          `There is no step ${need}.${meant(need, [...scope.steps.keys()])}`,
        );
    if (step.uses === "each") checkEach(checking, step, scope, here);
    else checkDoing(checking, step, scope, here);
  }
}

function checkNames(
  checking: Checking,
  steps: readonly Step[],
  path: Path,
  outside: ReadonlySet<string> = new Set(),
): void {
  const seen = new Set<string>();
  for (const [at, { id }] of steps.entries()) {
    const here = [...path, at, "id"];
    if ((RESERVED as readonly string[]).includes(id))
      checking.find(
        here,
        `No step can be called ${id}: the word means something else in an address.`,
      );
    else if (seen.has(id)) checking.find(here, `There are two steps ${id}.`);
    else if (outside.has(id))
      checking.find(here, `There is a step ${id} outside already: give this one another name.`);
    seen.add(id);
  }
  for (const [at, step] of steps.entries())
    if (step.uses === "each") checkNames(checking, step.steps, [...path, at, "steps"], seen);
}

function checkCycles(checking: Checking, steps: readonly Step[], path: Path): void {
  for (const cycle of cyclesOf(steps)) {
    const at = steps.findIndex(({ id }) => id === cycle[0]);
    checking.find(
      [...path, at, "id"],
      `The steps go in a circle: ${[...cycle, cycle[0]].join(" -> ")}.`,
    );
  }
  for (const [at, step] of steps.entries())
    if (step.uses === "each") checkCycles(checking, step.steps, [...path, at, "steps"]);
}

function checkEach(checking: Checking, step: EachStep, scope: Scope, here: Path): void {
  const { find } = checking;
  const meanings = mappingsOf(step.over).map((mapping, nth) =>
    checkMapping(checking, mapping, scope, [
      ...here,
      "over",
      ...(Array.isArray(step.over) ? [nth] : []),
    ]),
  );
  const known = meanings.filter((meaning) => meaning !== undefined);
  const [first] = known;
  if (first && known.some(({ type }) => type !== first.type))
    find([...here, "over"], "A list holds values of one type.");
  if (known.length === 1 && first && !first.many && !Array.isArray(step.over))
    find(
      [...here, "over"],
      `${mappingsOf(step.over)[0]!.from} is one ${first.type}, and each goes over a list.`,
    );
  const inner = scopeOf(checking.definition, { scope, step, item: first?.type });
  checkSteps(checking, step.steps, inner, [...here, "steps"]);
  for (const [name, mapping] of Object.entries(step.outputs ?? {})) {
    const meaning = checkAddress(checking, mapping, inner, [...here, "outputs", name]);
    if (meaning?.many)
      find(
        [...here, "outputs", name],
        "What came of each must be one value: take the first or the last (only).",
      );
  }
}

function checkDoing(checking: Checking, step: DoingStep, scope: Scope, here: Path): void {
  const { find, definition } = checking;
  const kind = kindOf(step.uses);
  const inputs = step.inputs ?? {};
  const params = step.with ?? {};
  for (const [name, written] of Object.entries(inputs)) {
    if (checking.enough()) return;
    const place = [...here, "inputs", name];
    const type = paramType(kind, name);
    const port: Port | undefined = kind.inputs[name] ?? (type && { type, about: "" });
    if (!port) {
      const known = [...Object.keys(kind.inputs), ...Object.keys(kind.params.shape)];
      find([...here, "inputs"], `${step.uses} takes no ${name}.${meant(name, known)}`, name);
      continue;
    }
    if (Object.hasOwn(params, name)) find(place, `${name} is said twice: in with and in inputs.`);
    checkPort(checking, step, name, port, written, scope, place);
  }
  for (const [name, { min = 1, about }] of Object.entries(kind.inputs))
    if (min > 0 && inputs[name] === undefined)
      find([...here, "uses"], `The step ${step.id} needs inputs.${name}: ${about}.`);
  checkParams(checking, step.id, kind, params, inputs, [...here, "with"]);
  checkServer(definition, params, find, [...here, "with"]);
  if (step.fallback) checkFallback(checking, step, here);
}

/** What an input is given: the types, and how many. */
function checkPort(
  checking: Checking,
  { uses }: DoingStep,
  name: string,
  { type, min = 1, max = 1 }: Port,
  written: z.infer<typeof Mappings>,
  scope: Scope,
  place: Path,
): void {
  const mappings = mappingsOf(written);
  const meanings = mappings.map((mapping, nth) => {
    const at = Array.isArray(written) ? [...place, nth] : place;
    const meaning = checkMapping(checking, mapping, scope, at);
    if (meaning && !fits(meaning.type, type))
      checking.find(
        at,
        `${uses}.${name} takes ${a(type)}, and ${mapping.from} is ${a(meaning.type)}.`,
      );
    if (meaning?.many && max === 1)
      checking.find(
        at,
        `${uses}.${name} takes one ${type}, and ${mapping.from} is a list. Use each, or take one of it with only: first.`,
      );
    return meaning;
  });
  const count = mappings.length;
  const open = meanings.some((meaning) => meaning?.many ?? true);
  if (count > max)
    checking.find(place, `${uses}.${name} takes at most ${max}, and these are ${count}.`);
  if (count < min && !open)
    checking.find(
      place,
      `${uses}.${name} takes at least ${min}, and ${count === 1 ? "this is 1" : `these are ${count}`}.`,
    );
}

function checkParams(
  { find }: Checking,
  id: string,
  kind: Kind,
  params: Readonly<Record<string, unknown>>,
  inputs: Readonly<Record<string, unknown>>,
  place: Path,
): void {
  const missing = Object.entries(kind.params.shape).filter(
    ([name, schema]) =>
      !schema.isOptional() && params[name] === undefined && inputs[name] === undefined,
  );
  for (const [name] of missing) find(place, `The step ${id} needs with.${name}.`);
  const mapped = Object.keys(inputs).some((name) => paramType(kind, name));
  const wrong = missing.length > 0 || mapped ? undefined : kind.rule?.(params);
  if (wrong !== undefined) find(place, wrong);
}

function checkServer(
  { servers = {} }: Definition,
  params: Readonly<Record<string, unknown>>,
  find: Checking["find"],
  place: Path,
): void {
  const { server } = params;
  if (typeof server === "string" && !Object.hasOwn(servers, server))
    find(
      [...place, "server"],
      `There is no server ${server} in servers.${meant(server, Object.keys(servers))}`,
    );
}

/** The other way must take the same and give whatever the step gives. */
function checkFallback(checking: Checking, step: DoingStep, here: Path): void {
  const { find, definition } = checking;
  const place = [...here, "fallback"];
  const { uses = step.uses, with: params = {} } = step.fallback!;
  const first = kindOf(step.uses);
  const kind = kindOf(uses);
  const form = kind.params.partial().strict().safeParse(params);
  if (!form.success)
    for (const { path, message, key } of faultsOf(form.error.issues, () =>
      Object.keys(kind.params.shape),
    ))
      find([...place, "with", ...path], message, key);
  const inputs = step.inputs ?? {};
  // What the step is for, and what others take of it.
  const used = usedOf(definition, step.id).add(Object.keys(first.outputs)[0]!);
  for (const [name, { type }] of Object.entries(first.outputs))
    if (kind.outputs[name]?.type !== type && used.has(name))
      find([...place, "uses"], `${uses} gives no ${name}, which ${step.uses} gives.`);
  for (const name of Object.keys(inputs))
    if (!kind.inputs[name] && !paramType(kind, name))
      find([...place, "uses"], `${uses} takes no ${name}, which the step is given.`);
  for (const [name, { min = 1 }] of Object.entries(kind.inputs))
    if (min > 0 && inputs[name] === undefined)
      find([...place, "uses"], `${uses} needs inputs.${name}, which the step is not given.`);
  if (form.success)
    checkParams(checking, `${step.id} in its fallback`, kind, params, inputs, [...place, "with"]);
  checkServer(definition, params, find, [...place, "with"]);
}

function checkAddress(
  checking: Checking,
  written: z.infer<typeof Mapping>,
  scope: Scope,
  place: Path,
): Meaning | undefined {
  return checkMapping(checking, mappingsOf(written)[0]!, scope, place);
}

function checkMapping(
  { find, enough }: Checking,
  mapping: Mapped,
  scope: Scope,
  place: Path,
): Meaning | undefined {
  if (enough()) return undefined;
  const meaning = meaningOf(mapping, scope);
  if (meaning.ok) return meaning.value;
  find(place, meaning.why);
  return undefined;
}

const a = (type: string) => (type === "image" ? "an image" : `a ${type}`);
