import { mappingsOf } from "./mapping.ts";
import type { Definition, EachStep, Step } from "./schema.ts";

/** The steps that a step waits for, as far as they are beside it. */
export function needsOf(step: Step): string[] {
  const names = new Set(step.needs);
  for (const address of addressesOf(step)) names.add(address.split(".")[0]!);
  return [...names];
}

function addressesOf(step: Step): string[] {
  if (step.uses !== "each")
    return Object.values(step.inputs ?? {}).flatMap((written) =>
      mappingsOf(written).map(({ from }) => from),
    );
  const inside = new Set(step.steps.map(({ id }) => id));
  return [
    ...mappingsOf(step.over).map(({ from }) => from),
    ...Object.values(step.outputs ?? {}).map((written) => mappingsOf(written)[0]!.from),
    ...step.steps.flatMap((inner) => [...(inner.needs ?? []), ...addressesOf(inner)]),
  ].filter((address) => !inside.has(address.split(".")[0]!));
}

/** The outputs of a step that anything in the definition takes. */
export function usedOf({ steps, outputs = {} }: Definition, id: string): Set<string> {
  const addresses = [
    ...Object.values(outputs).map((written) => mappingsOf(written)[0]!.from),
    ...steps.flatMap((step) => [
      ...addressesOf(step),
      ...(step.uses === "each" ? everyAddressIn(step) : []),
    ]),
  ];
  return new Set(
    addresses
      .filter((address) => address.startsWith(`${id}.`))
      .map((address) => address.slice(id.length + 1)),
  );
}

const everyAddressIn = ({ steps, outputs = {} }: EachStep): string[] => [
  ...steps.flatMap(addressesOf),
  ...Object.values(outputs).map((written) => mappingsOf(written)[0]!.from),
];

/** Circles that are told: among many steps there can be more than anybody could read. */
const MOST_CYCLES = 10;

/** Steps that wait for each other in a circle, each circle once, ten at most. */
export function cyclesOf(steps: readonly Step[]): string[][] {
  const needs = new Map(steps.map((step) => [step.id, needsOf(step)]));
  const over = new Set<string>();
  const cycles: string[][] = [];
  for (const { id } of steps) {
    const way: string[] = [];
    // Depth first without a call for each step, so that a long chain is no deep stack.
    const todo: { step: string; leave: boolean }[] = [{ step: id, leave: false }];
    while (todo.length > 0) {
      const { step, leave } = todo.pop()!;
      if (leave) {
        way.pop();
        over.add(step);
        continue;
      }
      if (over.has(step)) continue;
      const back = way.indexOf(step);
      if (back !== -1) {
        // As the work would flow: what is needed comes first.
        cycles.push(way.slice(back).toReversed());
        if (cycles.length >= MOST_CYCLES) return cycles;
        continue;
      }
      way.push(step);
      todo.push({ step, leave: true });
      for (const need of needs.get(step) ?? [])
        if (needs.has(need)) todo.push({ step: need, leave: false });
    }
  }
  return cycles;
}
