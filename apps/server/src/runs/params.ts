import { COMMON_PARAMS, type FieldError } from "@modly-runs/contract";
import type { ParamSpec } from "@modly-runs/contract/companion";
import { closest, distance } from "fastest-levenshtein";

import type { ModelDescriptor } from "../generators/generator.ts";

export type ParamsResult =
  | { readonly ok: true; readonly params: Record<string, unknown> }
  | { readonly ok: false; readonly errors: FieldError[] };

/** A name further away than this is no slip of the hand. */
const SLIP = 3;

/** Numbers may come as text, in schemas and from clients: extensions do both. */
function numberOf(value: unknown): number | undefined {
  const number =
    typeof value === "number" || (typeof value === "string" && value.trim() !== "")
      ? Number(value)
      : Number.NaN;
  return Number.isFinite(number) ? number : undefined;
}

function faultOfNumber(value: unknown, spec: ParamSpec): string | undefined {
  const number = numberOf(value);
  if (number === undefined) return "must be a number";
  if (spec.type === "int" && !Number.isInteger(number)) return "must be a whole number";
  const [min, max] = [numberOf(spec.min), numberOf(spec.max)];
  const below = min !== undefined && number < min;
  const above = max !== undefined && number > max;
  if (!below && !above) return undefined;
  if (min !== undefined && max !== undefined)
    return `must be between ${min} and ${max}, not ${number}`;
  return below ? `must be at least ${min}, not ${number}` : `must be at most ${max}, not ${number}`;
}

function isScalar(value: unknown): value is string | number | boolean {
  return ["string", "number", "boolean"].includes(typeof value);
}

function faultOfOption(value: unknown, { options }: ParamSpec): string | undefined {
  if (!options?.length) return undefined;
  if (isScalar(value) && options.some((option) => String(option.value) === String(value)))
    return undefined;
  return `must be one of ${options.map((option) => String(option.value)).join(", ")}`;
}

const isBoolean = (value: unknown) => value === true || value === false;

/** What each type of parameter demands. A type that is not here passes: extensions have more of them. */
const FAULTS: Record<string, (value: unknown, spec: ParamSpec) => string | undefined> = {
  int: faultOfNumber,
  float: faultOfNumber,
  select: faultOfOption,
  boolean: (value) =>
    isBoolean(value) || value === "true" || value === "false" ? undefined : "must be true or false",
  string: (value) => (typeof value === "string" ? undefined : "must be a text"),
  text: (value) => (typeof value === "string" ? undefined : "must be a text"),
};

function faultOf(value: unknown, spec: ParamSpec): string | undefined {
  const judge = Object.hasOwn(FAULTS, spec.type) ? FAULTS[spec.type] : undefined;
  return judge?.(value, spec);
}

function unknownName(name: string, declared: readonly string[]): string {
  const nearest = closest(name, [...declared, ...COMMON_PARAMS]);
  const slip = Math.min(SLIP, Math.floor(name.length / 2));
  const guess = distance(name, nearest) <= slip ? ` Did you mean ${nearest}?` : "";
  const known = declared.length > 0 ? ` It has ${declared.join(", ")}.` : "";
  return `is not a parameter of this model.${guess}${known}`;
}

/** Holds params against what the model declares, and fills in its defaults. */
export function checkParams(
  given: Readonly<Record<string, unknown>>,
  { params_schema, knowsAllParams }: ModelDescriptor,
): ParamsResult {
  const specs = new Map(params_schema.map((spec) => [spec.id, spec]));
  const common: readonly string[] = COMMON_PARAMS;
  const errors = Object.entries(given).flatMap(([name, value]): FieldError[] => {
    const spec = specs.get(name);
    const message = spec
      ? faultOf(value, spec)
      : knowsAllParams && !common.includes(name)
        ? unknownName(name, [...specs.keys()])
        : undefined;
    return message ? [{ field: `params.${name}`, message }] : [];
  });
  if (errors.length > 0) return { ok: false, errors };
  const defaults = params_schema.flatMap(({ id, default: value }) =>
    value === undefined || Object.hasOwn(given, id) ? [] : [[id, value]],
  );
  // From entries, so that a key named `__proto__` is a key like any other.
  return {
    ok: true,
    params: Object.fromEntries([...Object.entries(given), ...defaults]) as Record<string, unknown>,
  };
}

/** The same params, the same text: keys in order, at every depth. For telling two requests apart. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join(",")}}`;
}
