import type { ParamSpec } from "@modly-runs/contract/companion";

import type { Changes } from "./draft.ts";

/** What kind of field a param gets; params of other types are left to the model's defaults. */
export type Field = "number" | "select" | "boolean" | "string" | "text";

export function fieldOf({ type, options }: ParamSpec): Field | undefined {
  if (options && options.length > 0) return "select";
  if (type === "int" || type === "float") return "number";
  return type === "boolean" || type === "string" || type === "text" ? type : undefined;
}

const numberOf = (value: unknown) =>
  value === undefined || value === ""
    ? undefined
    : Number.isNaN(Number(value))
      ? undefined
      : Number(value);

/** The bounds of a number, whichever way they were written down. */
export function boundsOf({ type, min, max, step }: ParamSpec) {
  return {
    min: numberOf(min),
    max: numberOf(max),
    step: numberOf(step) ?? (type === "int" ? 1 : undefined),
  };
}

export function valueOf(spec: ParamSpec, changes: Changes): unknown {
  return spec.id in changes ? changes[spec.id] : spec.default;
}

/** The changes with one value set; a value that is the default is no change. */
export function withValue(changes: Changes, spec: ParamSpec, value: unknown): Changes {
  const { [spec.id]: _, ...others } = changes;
  const isDefault = value === spec.default || (value === "" && spec.default == null);
  return isDefault ? others : { ...others, [spec.id]: value };
}

/** True when the value is one that the model takes, as far as the page can tell. */
export function isTaken(spec: ParamSpec, value: unknown): boolean {
  if (fieldOf(spec) !== "number" || spec.options?.length) return true;
  if (value == null) return spec.default == null;
  const { min, max } = boundsOf(spec);
  return (
    typeof value === "number" &&
    Number.isFinite(value) &&
    (min === undefined || value >= min) &&
    (max === undefined || value <= max) &&
    (spec.type !== "int" || Number.isInteger(value))
  );
}

/** Whether a param matters now: some only count when another has a certain value. */
export function isShown(spec: ParamSpec, specs: readonly ParamSpec[], changes: Changes): boolean {
  const { show_if: condition } = spec;
  if (condition === null || typeof condition !== "object" || Array.isArray(condition)) return true;
  return Object.entries(condition).every(([id, wanted]) => {
    const other = specs.find((each) => each.id === id);
    if (!other) return true;
    const value = valueOf(other, changes);
    return Array.isArray(wanted) ? wanted.includes(value) : wanted === value;
  });
}

/** The unit a model names for a number, in a key of its own. */
export function unitOf(spec: ParamSpec): string | undefined {
  const { unit } = spec as Record<string, unknown>;
  return typeof unit === "string" && unit !== "" ? unit : undefined;
}
