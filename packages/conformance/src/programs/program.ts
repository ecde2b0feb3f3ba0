import * as fc from "fast-check";

/** What a create in a program is about. */
export const KINDS = ["good", "long", "failing", "broken"] as const;
export type Kind = (typeof KINDS)[number];

/**
 * One step. `run` points at one of the runs that were created before, counted from the last; where
 * there is none the step does nothing.
 */
export type Step =
  | { readonly act: "create"; readonly kind: Kind }
  | { readonly act: "read" | "cancel" | "drop"; readonly run: number }
  | { readonly act: "wait"; readonly quarters: number };

/** A prefix, then branches at the same time; a program with one branch is sequential. */
export type Program = {
  readonly prefix: readonly Step[];
  readonly branches: readonly (readonly Step[])[];
};

const run = fc.nat({ max: 3 });
const create = fc.record({
  act: fc.constant("create" as const),
  kind: fc.constantFrom("good" as const, ...KINDS),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: create },
  { weight: 4, arbitrary: fc.record({ act: fc.constant("read" as const), run }) },
  { weight: 3, arbitrary: fc.record({ act: fc.constant("cancel" as const), run }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("drop" as const), run }) },
  {
    weight: 2,
    // In quarters of a plain run's time: a wait is as long for a slow server as for a fast one.
    arbitrary: fc.record({ act: fc.constant("wait" as const), quarters: fc.nat({ max: 6 }) }),
  },
);
const prefix = fc.array(create, { minLength: 1, maxLength: 3 });

/** Programs of one client. */
export const SEQUENTIAL: fc.Arbitrary<Program> = fc.record({
  prefix,
  branches: fc.tuple(fc.array(step, { minLength: 1, maxLength: 10 })),
});

/** Programs of two to four clients who share their runs. */
export const PARALLEL: fc.Arbitrary<Program> = fc.record({
  prefix,
  branches: fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), {
    minLength: 2,
    maxLength: 4,
  }),
});

function stepText(one: Step): string {
  switch (one.act) {
    case "create":
      return `create ${one.kind}`;
    case "wait":
      return `wait ${one.quarters}/4`;
    case "drop":
      return `read #${one.run} and hang up`;
    default:
      return `${one.act} #${one.run}`;
  }
}

/** A program on one line, for a report. `#0` is the last run that was created, `#1` the one before. */
export function programText({ prefix: first, branches }: Program): string {
  const sides = branches.map((steps) => steps.map(stepText).join("; ") || "nothing");
  return `${first.map(stepText).join("; ")}; then ${sides.join(" || ")}`;
}
