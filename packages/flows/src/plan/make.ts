import type { Fault } from "../definition/finding.ts";
import { kindOf } from "../definition/kinds.ts";
import { type Mapped, mappingsOf, transformed } from "../definition/mapping.ts";
import { needsOf } from "../definition/order.ts";
import type { Definition, DoingStep, EachStep, Step } from "../definition/schema.ts";
import type { Plan, PlanOutput, PlanStep, Source } from "./plan.ts";
import { identityOf, isFile, type Value } from "./value.ts";

/** The most steps of a plan. */
export const MOST_STEPS = 10_000;
/** The most values that the steps of a plan are given, and steps that they wait for: lists of lists grow fast. */
export const MOST_LINKS = 100_000;
/** The most characters of a plan, as it is stored: what is written once in an `each` is there for each. */
export const MOST_TEXT = 16 * 1024 * 1024;

/** Values for the inputs of a flow, by name. */
export type Given = Readonly<Record<string, readonly Value[]>>;

export type PlanOutcome =
  | { readonly ok: true; readonly value: Plan }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/**
 * Makes the plan of a flow run: every `each` spread over its list, every address resolved.
 *
 * Several values for an input that is no list: the whole flow is done for each of them. `given` holds the defaults too.
 */
export function planOf(definition: Definition, given: Given): PlanOutcome {
  const faults: Fault[] = [];
  const inputs = definition.inputs ?? {};
  for (const [name, { type, many }] of Object.entries(inputs)) {
    const values = given[name] ?? [];
    const path = ["inputs", name];
    if (values.length === 0)
      faults.push({
        path,
        message: many
          ? `The input ${name} is an empty list.`
          : `The flow needs ${type === "image" ? "a picture" : `a ${type}`} for its input ${name}.`,
      });
  }
  for (const name of Object.keys(given))
    if (!Object.hasOwn(inputs, name))
      faults.push({ path: ["inputs"], message: `The flow has no input ${name}.` });
  const several = Object.entries(inputs).filter(
    ([name, { many }]) => !many && (given[name]?.length ?? 0) > 1,
  );
  if (several.length > 1)
    faults.push({
      path: ["inputs"],
      message: `Only one input can be given several values, and ${several.map(([name]) => name).join(" and ")} are.`,
    });
  if (faults.length > 0) return { ok: false, faults };

  const made: Made = { steps: [], outputs: [], faults, links: 0, text: 0 };
  const [spread] = several;
  if (spread)
    for (const { value, label } of labelled(
      given[spread[0]]!.map((value) => ({ source: { value } })),
    ))
      expand(
        definition,
        { ...given, [spread[0]]: [(value as { value: Value }).value] },
        { label, mark: `@${identityOf((value as { value: Value }).value)}` },
        made,
      );
  else expand(definition, given, undefined, made);
  const large = tooLarge(made);
  if (large !== undefined) return { ok: false, faults: [{ path: ["steps"], message: large }] };
  if (faults.length > 0) return { ok: false, faults };
  const { name, parallel = 4 } = definition;
  return { ok: true, value: { name, parallel, steps: inOrder(made.steps), outputs: made.outputs } };
}

interface Made {
  readonly steps: PlanStep[];
  readonly outputs: PlanOutput[];
  readonly faults: Fault[];
  links: number;
  text: number;
}

/** Why a plan is larger than any may be; whoever makes it looks before going on. */
function tooLarge({ steps, links, text }: Made): string | undefined {
  if (steps.length > MOST_STEPS)
    return `These are more than ${MOST_STEPS} steps when all lists are spread; a flow run has no more.`;
  if (links > MOST_LINKS)
    return `The steps take more than ${MOST_LINKS} values of others, or wait for more than that, when all lists are spread.`;
  if (text > MOST_TEXT)
    return `The steps hold more than ${MOST_TEXT} characters when all lists are spread.`;
  return undefined;
}

function add(made: Made, step: PlanStep): void {
  made.steps.push(step);
  made.text += JSON.stringify(step).length;
}

/** What addresses mean at a place. */
interface Frame {
  readonly given: Given;
  readonly prefix: string;
  readonly steps: ReadonlyMap<string, Step>;
  /** What came of each, by the `each` and the output's name. */
  readonly lists: Map<string, { source: Source; label: string }[]>;
  /** The steps that an `each` was spread into. */
  readonly members: Map<string, string[]>;
  readonly outer?: Frame | undefined;
  readonly item?: Source | undefined;
  /** Tells the marks of one spread from another. */
  readonly mark: string;
}

function expand(
  definition: Definition,
  given: Given,
  /** Which of several values for one input the flow is done for. */
  one: { readonly label: string; readonly mark: string } | undefined,
  made: Made,
): void {
  const frame: Frame = {
    given,
    prefix: one ? `${one.label}/` : "",
    steps: new Map(definition.steps.map((step) => [step.id, step])),
    lists: new Map(),
    members: new Map(),
    mark: one?.mark ?? "",
  };
  // An `each` is spread when what it goes over is: the order of needs.
  for (const step of byNeeds(definition.steps)) {
    if (tooLarge(made)) return;
    if (step.uses === "each") spread(step, frame, made, ["steps", definition.steps.indexOf(step)]);
    else
      add(made, planStep(step, frame, made, ["steps", definition.steps.indexOf(step), "inputs"]));
  }
  const outputs = definition.outputs
    ? Object.entries(definition.outputs).map(([name, written]) => ({
        name,
        mapping: mappingsOf(written)[0]!,
      }))
    : unused(definition.steps);
  for (const { name, mapping } of outputs)
    for (const { source, label: own } of sourcesOfAll([mapping], frame, made))
      made.outputs.push({
        name,
        label: [one?.label, own].filter(Boolean).join("-") || undefined,
        source,
      });
}

function spread(
  step: EachStep,
  frame: Frame,
  made: Made,
  path: readonly (string | number)[],
): void {
  const list = sourcesOfAll(mappingsOf(step.over), frame, made);
  if (list.length === 0)
    made.faults.push({
      path: [...path, "over"],
      message: `The step ${step.id} goes over an empty list.`,
    });
  const members: string[] = [];
  const lists = new Map(
    Object.keys(step.outputs ?? {}).map((name) => [
      name,
      [] as { source: Source; label: string }[],
    ]),
  );
  const before = neededIds(step.needs ?? [], frame, made);
  for (const { value: source, label } of labelled(list)) {
    if (tooLarge(made)) return;
    const inner: Frame = {
      given: frame.given,
      prefix: `${frame.prefix}${step.id}/${label}/`,
      steps: new Map(step.steps.map((one) => [one.id, one])),
      lists: new Map(),
      members: new Map(),
      outer: frame,
      item: source,
      mark: `${frame.mark}@${"value" in source ? identityOf(source.value) : label}`,
    };
    for (const one of step.steps) {
      const planned = planStep(
        one,
        inner,
        made,
        [...path, "steps", step.steps.indexOf(one), "inputs"],
        `${step.id}/`,
      );
      made.links += before.length;
      if (tooLarge(made)) return;
      add(made, { ...planned, needs: [...new Set([...planned.needs, ...before])] });
      members.push(planned.id);
    }
    for (const [name, written] of Object.entries(step.outputs ?? {}))
      for (const { source: own } of sourcesOfAll(mappingsOf(written), inner, made))
        lists.get(name)!.push({ source: own, label });
  }
  frame.members.set(step.id, members);
  for (const [name, of] of lists) frame.lists.set(`${step.id}.${name}`, of);
}

function planStep(
  step: DoingStep,
  frame: Frame,
  made: Made,
  path: readonly (string | number)[],
  within = "",
): PlanStep {
  const inputs: Record<string, Source[]> = {};
  for (const [name, written] of Object.entries(step.inputs ?? {})) {
    inputs[name] = sourcesOfAll(mappingsOf(written), frame, made).map(({ source }) => source);
    const { min = 1, max = 1 } = kindOf(step.uses).inputs[name] ?? {};
    const count = inputs[name].length;
    if (count < min || count > max)
      made.faults.push({
        path: [...path, name],
        message: `${step.uses}.${name} takes ${count > max ? `at most ${max}` : `at least ${min}`}, and these are ${count}.`,
      });
  }
  const sources = Object.values(inputs).flat();
  const needs = [
    ...sources.flatMap((source) => ("from" in source ? [source.from] : [])),
    ...neededIds(step.needs ?? [], frame, made),
  ];
  const mark = `${within}${step.id}${frame.mark}`;
  const { uses, with: params = {}, fallback, retries = 0, timeout, locked } = step;
  return {
    id: frame.prefix + step.id,
    ways: [
      { uses, with: params },
      ...(fallback ? [{ uses: fallback.uses ?? uses, with: fallback.with ?? {} }] : []),
    ],
    inputs,
    needs: [...new Set(needs)],
    retries,
    timeout: timeout === undefined ? undefined : timeout * 1000,
    lock: locked ? mark : undefined,
    mark,
  };
}

/** The planned steps that names stand for. */
function neededIds(names: readonly string[], frame: Frame, made: Made): string[] {
  const ids: string[] = [];
  for (const name of names) {
    if (tooLarge(made)) break;
    const home = frame.steps.has(name) ? frame : frame.outer!;
    const some = home.members.get(name) ?? [home.prefix + name];
    made.links += some.length;
    ids.push(...some);
  }
  return ids;
}

/** What mappings stand for, one after the other. */
function sourcesOfAll(
  mappings: readonly Mapped[],
  frame: Frame,
  made: Made,
): { source: Source; label?: string }[] {
  const all: { source: Source; label?: string }[] = [];
  for (const mapping of mappings) {
    if (tooLarge(made)) break;
    const some = sourcesOf(mapping, frame);
    made.links += some.length;
    all.push(...some);
  }
  return all;
}

function sourcesOf(
  { from, only, transforms }: Mapped,
  frame: Frame,
): { source: Source; label?: string }[] {
  const all = allSourcesOf(from, frame);
  const chosen = only === undefined ? all : only === "first" ? all.slice(0, 1) : all.slice(-1);
  if (Object.keys(transforms).length === 0) return chosen;
  return chosen.map(({ source, ...rest }) => ({
    ...rest,
    source:
      "from" in source
        ? { ...source, transforms: { ...source.transforms, ...transforms } }
        : { value: applied(source.value, transforms) },
  }));
}

function allSourcesOf(from: string, frame: Frame): { source: Source; label?: string }[] {
  if (from === "item") return [{ source: frame.item! }];
  const [head, tail] = from.split(".") as [string, string];
  if (head === "input") return frame.given[tail]!.map((value) => ({ source: { value } }));
  const home = frame.steps.has(head) ? frame : frame.outer!;
  return (
    home.lists.get(from) ?? [{ source: { from: home.prefix + head, output: tail, transforms: {} } }]
  );
}

/** A value with its transforms done. Files have none, which the check has seen to. */
export function applied(value: Value, transforms: Mapped["transforms"]): Value {
  if (isFile(value) || Object.keys(transforms).length === 0) return value;
  const done = transformed(value.type === "text" ? value.text : value.number, transforms);
  return typeof done === "number" ? { type: "number", number: done } : { type: "text", text: done };
}

/** Sources with names that tell them apart: the stem of a file, or the place in the list. */
function labelled(
  list: readonly { source: Source; label?: string }[],
): { value: Source; label: string }[] {
  const taken = new Set<string>();
  return list.map(({ source: value, label: own }, at) => {
    const name = "value" in value && isFile(value.value) ? value.value.name : own;
    const stem = name?.replaceAll(/[^\p{L}\p{N}_.-]/gu, "_").slice(0, 80) ?? String(at + 1);
    let label = stem;
    for (let n = 2; taken.has(label); n++) label = `${stem}-${n}`;
    taken.add(label);
    return { value, label };
  });
}

/** The files that no step uses. */
function unused(steps: readonly Step[]): { name: string; mapping: Mapped }[] {
  const used = new Set(steps.flatMap(needsOf));
  return steps
    .filter(({ id }) => !used.has(id))
    .flatMap((step) => {
      if (step.uses === "each")
        return Object.keys(step.outputs ?? {}).map((name) => ({
          name,
          mapping: { from: `${step.id}.${name}`, transforms: {} },
        }));
      const file = Object.entries(kindOf(step.uses).outputs).find(
        ([, { type }]) => type !== "text" && type !== "number",
      );
      return file
        ? [{ name: step.id, mapping: { from: `${step.id}.${file[0]}`, transforms: {} } }]
        : [];
    });
}

function byNeeds(steps: readonly Step[]): Step[] {
  const known = new Map(steps.map((step) => [step.id, step]));
  return sorted(
    steps,
    ({ id }) => id,
    (step) => needsOf(step).filter((id) => known.has(id)),
  );
}

const inOrder = (steps: readonly PlanStep[]): PlanStep[] =>
  sorted(
    steps,
    ({ id }) => id,
    ({ needs }) => needs,
  );

/** What is needed comes first; else the order stays. Everything needed must be there, and no circle. */
function sorted<T>(
  all: readonly T[],
  idOf: (one: T) => string,
  needs: (one: T) => readonly string[],
): T[] {
  const byId = new Map(all.map((one) => [idOf(one), one]));
  const done = new Set<string>();
  const out: T[] = [];
  for (const start of all) {
    const todo: { one: T; leave: boolean }[] = [{ one: start, leave: false }];
    while (todo.length > 0) {
      const { one, leave } = todo.pop()!;
      const id = idOf(one);
      if (leave) out.push(one);
      if (leave || done.has(id)) continue;
      done.add(id);
      todo.push({ one, leave: true });
      for (const need of needs(one).toReversed()) todo.push({ one: byId.get(need)!, leave: false });
    }
  }
  return out;
}
