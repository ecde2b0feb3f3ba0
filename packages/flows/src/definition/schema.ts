import { z } from "zod";

import { KIND_NAMES, type KindName, kindOf } from "./kinds.ts";
import { Mapping, Mappings } from "./mapping.ts";
import { VALUE_TYPES } from "./types.ts";

/** Words that mean something else in an address. */
export const RESERVED = ["input", "item"] as const;

const Id = z
  .string()
  .regex(
    /^[A-Za-z][\w-]{0,63}$/,
    "It must begin with a letter and go on with letters, digits, - or _, at most 64.",
  );

const common = {
  id: Id.describe("names the step; others refer to it"),
  needs: z.array(Id).max(1000).optional().describe("steps that must be done first"),
};

/** Another way to do the same. Its params are checked with the step, by the table of kinds. */
const Fallback = z
  .object({ uses: z.enum(KIND_NAMES).optional(), with: z.record(z.unknown()).optional() })
  .strict()
  .describe("another way, taken when the tries are used up; uses is the step's own if left out");

const doing = {
  inputs: z.record(Mappings).optional().describe("values of other steps or of the flow"),
  retries: z.number().int().min(0).max(20).optional().describe("tries after the first (default 0)"),
  timeout: z.number().positive().max(604_800).optional().describe("seconds that a try may take"),
  locked: z.boolean().optional().describe("made once, then kept whatever changes"),
  fallback: Fallback.optional(),
};

/** A step that does one thing. */
const Doing = z.object({
  ...common,
  ...doing,
  uses: z.enum(KIND_NAMES),
  with: z.record(z.unknown()).optional(),
});
export type DoingStep = z.infer<typeof Doing>;

/** Required params may come from another step, so the check, not the schema, misses them. */
const paramsOf = (name: KindName) => kindOf(name).params.partial().strict().optional();

const doingSteps = KIND_NAMES.map((name) =>
  z
    .object({
      ...common,
      uses: z.literal(name),
      ...doing,
      with: paramsOf(name),
    })
    .strict()
    .describe(kindOf(name).summary),
);

const EachOf = <S extends z.ZodTypeAny>(step: S) =>
  z
    .object({
      ...common,
      uses: z.literal("each"),
      over: Mappings.describe("the list"),
      steps: z.array(step).min(1).max(1000).describe("done for each; item is the one at hand"),
      outputs: z.record(Id, Mapping).optional().describe("lists of what came of each"),
    })
    .strict()
    .describe("Do steps for each of a list");

/** A step that does steps for each of a list. */
export type EachStep = Omit<z.infer<ReturnType<typeof EachOf<typeof Doing>>>, "steps"> & {
  steps: DoingStep[];
};
export type Step = DoingStep | EachStep;

type Choice = z.ZodDiscriminatedUnionOption<"uses">;
const Inner = z.discriminatedUnion("uses", doingSteps as unknown as [Choice, ...Choice[]]);
const Outer = z.discriminatedUnion("uses", [EachOf(Inner), ...doingSteps] as unknown as [
  Choice,
  ...Choice[],
]) as unknown as z.ZodType<Step, z.ZodTypeDef, unknown>;

/** What a flow is given when it is started. */
const FlowInput = z
  .object({
    type: z.enum(VALUE_TYPES),
    many: z.boolean().optional().describe("a list of them"),
    default: z
      .union([z.string(), z.number()])
      .optional()
      .describe("a text, a number, or a file beside the definition"),
    about: z.string().optional(),
  })
  .strict();
export type FlowInput = z.infer<typeof FlowInput>;

const Server = z
  .object({
    url: z
      .string()
      .url()
      .regex(/^https?:/, "It must be an http or https address."),
    token_env: z
      .string()
      .regex(/^[A-Za-z_]\w*$/, "It must be the name of an environment variable.")
      .optional()
      .describe("the variable that holds the server's token"),
  })
  .strict();

/** A flow as it is written. */
export const Definition = z
  .object({
    version: z.literal(1),
    name: z.string().min(1).max(255),
    description: z.string().max(1000).optional(),
    parallel: z.number().int().min(1).max(256).optional().describe("steps at once (default 4)"),
    servers: z.record(Id, Server).optional().describe("servers of the contract, by name"),
    inputs: z.record(Id, FlowInput).optional().describe("what the flow is given"),
    steps: z.array(Outer).min(1).max(1000),
    outputs: z
      .record(Id, Mapping)
      .optional()
      .describe("what is kept at the end (default: the files that no step uses)"),
  })
  .strict();
export type Definition = z.infer<typeof Definition>;
