import { kindOf } from "./kinds.ts";
import { type Mapped, mappingsOf, typeAfter } from "./mapping.ts";
import type { Definition, EachStep, Step } from "./schema.ts";
import type { ValueType } from "./types.ts";
import { meant } from "./words.ts";

/** What an address can name at a place. */
export interface Scope {
  readonly inputs: NonNullable<Definition["inputs"]>;
  readonly steps: ReadonlyMap<string, Step>;
  /** The scope around `each`. */
  readonly outer?: Scope | undefined;
  /** Inside `each`: the type of the one at hand, if it is known. */
  readonly inside: boolean;
  readonly item?: ValueType | undefined;
}

/** What an address stands for. */
export interface Meaning {
  readonly type: ValueType;
  /** A list of them. */
  readonly many: boolean;
}

type Outcome = { ok: true; value: Meaning } | { ok: false; why: string };

/** The scope of a flow's own steps, or of those of an `each`. */
export function scopeOf(
  definition: Definition,
  each?: { scope: Scope; step: EachStep; item: ValueType | undefined },
): Scope {
  const steps: readonly Step[] = each?.step.steps ?? definition.steps;
  return {
    inputs: definition.inputs ?? {},
    steps: new Map(steps.map((step) => [step.id, step])),
    outer: each?.scope,
    inside: each !== undefined,
    item: each?.item,
  };
}

/** The type of a mapping with all that is done to it, or one sentence why it has none. */
export function meaningOf({ from, only, transforms }: Mapped, scope: Scope): Outcome {
  const plain = typeOf(from, scope);
  if (!plain.ok) return plain;
  let { type, many } = plain.value;
  if (only !== undefined && !many) return no(`${from} is one ${type}: there is no ${only} of it.`);
  if (only !== undefined) many = false;
  if (many && Object.keys(transforms).length > 0)
    return no(`${from} is a list, and ${Object.keys(transforms)[0]} is for one value.`);
  const after = typeAfter(type, transforms);
  if (!after.ok)
    return no(`${after.transform} can't be done to ${from}: it is of the type ${type}.`);
  ({ type } = after);
  return { ok: true, value: { type, many } };
}

const no = (why: string): Outcome => ({ ok: false, why });
const yes = (type: ValueType, many: boolean): Outcome => ({ ok: true, value: { type, many } });

function typeOf(address: string, scope: Scope): Outcome {
  if (address === "item") {
    if (!scope.inside) return no("item is known inside each only.");
    return scope.item
      ? yes(scope.item, false)
      : no("What item is can't be told, because over is wrong.");
  }
  const [head, tail] = address.split(".") as [string, string];
  if (head === "input") {
    const input = scope.inputs[tail];
    if (!Object.hasOwn(scope.inputs, tail) || !input)
      return no(`The flow has no input ${tail}.${meant(tail, Object.keys(scope.inputs))}`);
    return yes(input.type, input.many ?? false);
  }
  const step = scope.steps.get(head) ?? scope.outer?.steps.get(head);
  if (!step) {
    const holder = [...scope.steps.values()].find(
      (each) => each.uses === "each" && each.steps.some(({ id }) => id === head),
    );
    if (holder)
      return no(
        `The step ${head} is inside ${holder.id}: name what came of each in its outputs, and use ${holder.id}.NAME.`,
      );
    return no(`There is no step ${head}.${meant(head, [...scope.steps.keys()])}`);
  }
  if (step.uses !== "each") {
    const outputs = kindOf(step.uses).outputs;
    const output = Object.hasOwn(outputs, tail) ? outputs[tail] : undefined;
    if (!output) return no(`${step.uses} gives no ${tail}.${meant(tail, Object.keys(outputs))}`);
    return yes(output.type, false);
  }
  const outputs = step.outputs ?? {};
  const named = Object.hasOwn(outputs, tail) ? outputs[tail] : undefined;
  if (!named)
    return no(`The step ${head} has no output ${tail}.${meant(tail, Object.keys(outputs))}`);
  const inner = meaningOf(mappingsOf(named)[0]!, innerOf(step, scope));
  return inner.ok
    ? yes(inner.value.type, true)
    : no(`${address} can't be told, because it is wrong in ${head}.`);
}

function innerOf(step: EachStep, around: Scope): Scope {
  const [first] = mappingsOf(step.over);
  const over = first && meaningOf(first, around);
  return {
    inputs: around.inputs,
    steps: new Map(step.steps.map((inner) => [inner.id, inner])),
    outer: around,
    inside: true,
    item: over?.ok ? over.value.type : undefined,
  };
}
