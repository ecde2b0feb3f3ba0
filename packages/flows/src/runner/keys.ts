import { createHash } from "node:crypto";

import { identityOf, type Value } from "../plan/value.ts";

/** Raised when a kind of step makes other bytes of the same; what was made before is made anew then. */
const RECIPE = 1;

/** The key of an attempt: the same after a crash, another for each try. */
export const idempotencyKey = (flowRun: string, step: string, attempt: number): string =>
  `flow-${flowRun}-${digest([step]).slice(0, 16)}-${attempt}`;

/** The same for the same work on the same bytes. */
export function workKey(
  uses: string,
  params: Readonly<Record<string, unknown>>,
  inputs: Readonly<Record<string, readonly Value[]>>,
): string {
  const given = Object.entries(inputs).map(([name, values]) => [
    name,
    // A file's name is part of what is made of it: outputs are named after it.
    values.map((value) => [
      value.type,
      identityOf(value),
      "name" in value ? (value.name ?? null) : null,
    ]),
  ]);
  return digest([RECIPE, uses, sorted(params), Object.fromEntries(given)]);
}

const digest = (what: unknown): string =>
  createHash("sha256")
    .update(JSON.stringify(sorted(what)))
    .digest("hex");

/** The same text for the same content, whatever the order of its keys. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, one]) => [key, sorted(one)]),
  );
}
