import { z } from "zod";

import type { ValueType } from "./types.ts";

/** A value in one type becomes one in another. */
interface Transform {
  readonly about: string;
  readonly from: "number" | "text";
  readonly to: "number" | "text";
  readonly argument: z.ZodTypeAny;
  readonly apply: (value: never, argument: never) => number | string;
}

const on = <V extends number | string, A>(
  from: Transform["from"],
  to: Transform["to"],
  argument: z.ZodType<A>,
  about: string,
  apply: (value: V, argument: A) => number | string,
) => ({ from, to, argument, about, apply });

const number = z.number().finite();
const yes = z.literal(true);

/** The small things that can be done to a value on its way, in the order in which they are done. */
export const TRANSFORMS = {
  multiply: on("number", "number", number, "times this", (v: number, a) => v * a),
  add: on("number", "number", number, "plus this", (v: number, a) => v + a),
  min: on("number", "number", number, "at least this", (v: number, a) => Math.max(v, a)),
  max: on("number", "number", number, "at most this", (v: number, a) => Math.min(v, a)),
  round: on("number", "number", yes, "to a whole number", (v: number) => Math.round(v)),
  lower: on("text", "text", yes, "in small letters", (v: string) => v.toLowerCase()),
  upper: on("text", "text", yes, "in capitals", (v: string) => v.toUpperCase()),
  prefix: on("text", "text", z.string(), "this before it", (v: string, a) => a + v),
  suffix: on("text", "text", z.string(), "this behind it", (v: string, a) => v + a),
} as const satisfies Record<string, Transform>;

export type TransformName = keyof typeof TRANSFORMS;
export const TRANSFORM_NAMES = Object.keys(TRANSFORMS) as TransformName[];

/** What is done to a value, by the names of {@link TRANSFORMS}. */
export type Transforms = Partial<Record<TransformName, number | string | true>>;

const transformShape = Object.fromEntries(
  TRANSFORM_NAMES.map((name) => [
    name,
    TRANSFORMS[name].argument.optional().describe(TRANSFORMS[name].about),
  ]),
);

const Reference = z
  .string()
  .regex(
    /^(?:item|[A-Za-z][\w-]*\.[A-Za-z][\w-]*)$/,
    "It must name an output: STEP.OUTPUT, input.NAME, or item inside each.",
  )
  .describe("STEP.OUTPUT, input.NAME, or item inside each");

/** A value of somewhere else: its address alone, or with what is done to it. */
const MappingObject = z
  .object({ from: Reference, only: z.enum(["first", "last"]).optional(), ...transformShape })
  .strict();
export const Mapping = z.union([Reference, MappingObject]);
export const Mappings = z.union([
  Reference,
  MappingObject,
  z.array(z.union([Reference, MappingObject])),
]);

/** A mapping in its long form. */
export interface Mapped {
  readonly from: string;
  /** One of a list. */
  readonly only?: "first" | "last" | undefined;
  readonly transforms: Transforms;
}

/** Any written form as a list of mappings. */
export function mappingsOf(written: z.infer<typeof Mappings>): Mapped[] {
  return (Array.isArray(written) ? written : [written]).map((one) => {
    if (typeof one === "string") return { from: one, transforms: {} };
    const { from, only, ...transforms } = one;
    return { from, only, transforms: transforms as Transforms };
  });
}

/** The type after the transforms, or the name of the one that does not go with what it meets. */
export function typeAfter(
  type: ValueType,
  transforms: Transforms,
): { ok: true; type: ValueType } | { ok: false; transform: TransformName } {
  let now = type;
  for (const name of TRANSFORM_NAMES) {
    if (transforms[name] === undefined) continue;
    const { from, to } = TRANSFORMS[name];
    // A number can be read as text, never the other way.
    if (now !== from && !(from === "text" && now === "number"))
      return { ok: false, transform: name };
    now = to;
  }
  return { ok: true, type: now };
}

/** Does to a value what was written. */
export function transformed(value: number | string, transforms: Transforms): number | string {
  let now = value;
  for (const name of TRANSFORM_NAMES) {
    const argument = transforms[name];
    if (argument === undefined) continue;
    const { from, apply } = TRANSFORMS[name] as Transform;
    now = apply((from === "text" ? String(now) : now) as never, argument as never);
  }
  return now;
}
