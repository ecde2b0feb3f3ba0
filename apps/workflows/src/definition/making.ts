import { type Path, TRANSFORMS, type Transforms, type ValueType } from "@modly-runs/flows";

import type { FieldMapping } from "../contract/workflow.ts";

/** Files of a workflow's definition: their addresses, and the flow's input that they become. */
export interface GivenFiles {
  readonly input: string;
  readonly type: ValueType;
  readonly addresses: readonly string[];
  /** Where they are written; of a list, its items are below it. */
  readonly place: Path;
  readonly many: boolean;
}

/** Something wrong, at a place of the body. */
export interface Wrong {
  readonly path: Path;
  readonly message: string;
}

/** What a translation gathers on its way. */
export interface Making {
  readonly files: GivenFiles[];
  readonly wrong: Wrong[];
  /** The places of what is not called the same, by the flow's path. */
  readonly places: Map<string, Path>;
  readonly providers: readonly string[];
}

/** A path as the key of a map. */
export const keyOf = (path: Path) => JSON.stringify(path);

/** The provider of that name; the first where none is named, or where there is none of that name. */
export function providerOf(name: unknown, path: Path, { providers, wrong }: Making): string {
  const first = providers[0]!;
  if (name === undefined || name === null) return first;
  if (typeof name === "string" && providers.includes(name)) return name;
  const known = `This service knows ${providers.join(", ")}.`;
  wrong.push({
    path,
    message:
      typeof name === "string"
        ? `There is no provider ${name}. ${known}`
        : `It must be the name of a provider. ${known}`,
  });
  return first;
}

/** An output, as a flow names it. */
export const addressOf = (step: string, field: string) =>
  step === "item" ? "item" : `${step}.${field}`;

/** An output of another step, with what is done to it. */
export function mappingOf(
  { from_step: step, from_field: field, transform }: FieldMapping,
  place: Path,
  { wrong }: Making,
): unknown {
  if (step === "input")
    wrong.push({ path: [...place, "from_step"], message: "There is no step input." });
  const from = addressOf(step, field);
  if (transform === undefined || transform === null) return from;
  if (transform === "first" || transform === "last") return { from, only: transform };
  const transforms: Transforms = typeof transform === "string" ? { [transform]: true } : transform;
  const unknown = Object.keys(transforms).find(
    (name) => name !== "only" && !Object.hasOwn(TRANSFORMS, name),
  );
  if (unknown !== undefined) {
    wrong.push({
      path: [...place, "transform"],
      message: `There is no transform ${unknown}: there are ${[...Object.keys(TRANSFORMS), "only"].join(", ")}.`,
    });
    return from;
  }
  return { from, ...transforms };
}

/** Files that one workflow may name. */
const MOST_FILES = 1000;

/** Makes an input of the flow of addresses. Gives its name. */
export function give(
  { files, wrong }: Making,
  type: ValueType,
  addresses: readonly string[],
  place: Path,
  many: boolean,
): string {
  const input = `file${files.length + 1}`;
  const named = files.reduce((sum, one) => sum + one.addresses.length, 0);
  if (named <= MOST_FILES && named + addresses.length > MOST_FILES)
    wrong.push({ path: place, message: `A workflow names at most ${MOST_FILES} files.` });
  files.push({ input, type, addresses, place, many });
  return input;
}
