import type { ZodTypeAny } from "zod";
import { zodToJsonSchema } from "zod-to-json-schema";

import { Health, Model, ModelStatus, ParamSpec } from "../src/companion/index.ts";
import { AnyProblem, Problem } from "../src/problems.ts";
import { CancelAnswer, CreateAnswer, Run, StrictCancelAnswer, StrictRun } from "../src/run.ts";

const NAMED = {
  Run,
  StrictRun,
  CreateAnswer,
  CancelAnswer,
  StrictCancelAnswer,
  Problem,
  AnyProblem,
  Health,
  Model,
  ModelStatus,
  ParamSpec,
} satisfies Record<string, ZodTypeAny>;

/** Rules that zod holds in code, said again where JSON Schema has words for them. */
const SAID_AGAIN: Partial<Record<keyof typeof NAMED, object>> = {
  CancelAnswer: { anyOf: [{ required: ["status"] }, { required: ["cancelled"] }] },
};

/** One schema without a name: every reference resolved, so that it can be used on its own. */
export function inlineJsonSchema(schema: ZodTypeAny): object {
  const { $schema: _, ...rest } = zodToJsonSchema(schema, {
    $refStrategy: "none",
    target: "jsonSchema2019-09",
  }) as Record<string, unknown>;
  return rest;
}

/** The named shapes of the contract as JSON Schema (2020-12), each complete in itself. */
export function buildJsonSchemas(): Record<keyof typeof NAMED, object> {
  return Object.fromEntries(
    Object.entries(NAMED).map(([name, schema]) => [
      name,
      {
        title: name,
        ...inlineJsonSchema(schema),
        ...SAID_AGAIN[name as keyof typeof NAMED],
      },
    ]),
  ) as Record<keyof typeof NAMED, object>;
}
