import * as fc from "fast-check";

import { wrongIn, type Wrong } from "../../programs/judge.ts";
import { play } from "../../programs/play.ts";
import { PARALLEL, type Program, programText, SEQUENTIAL } from "../../programs/program.ts";
import type { CheckId } from "../../requirements/index.ts";
import type { Bench } from "../bench.ts";
import type { Scenario } from "../scenario.ts";

const PROGRAMS = 12;
/** How often a smaller program is played, and how often it has to show the fault, to be reported. */
const REPEATS = 5;
const CONFIRMED = 2;

const attempt = async (t: Bench, program: Program): Promise<Wrong | undefined> =>
  wrongIn(await play(t, program), t.session.strict);

async function timesWrong(t: Bench, program: Program): Promise<number> {
  let times = 0;
  for (let count = 0; count < REPEATS; count += 1) {
    if ((await attempt(t, program)) !== undefined) times += 1;
  }
  return times;
}

/**
 * Plays programs from the session's seed. The first recording that shows a fault decides; a smaller
 * program is told in its place if it shows one again, for servers whose faults depend on the moment.
 */
async function playAll(t: Bench, id: CheckId, programs: fc.Arbitrary<Program>): Promise<void> {
  let first: { program: Program; wrong: Wrong } | undefined;
  let played = 0;
  const property = fc.asyncProperty(programs, async (program) => {
    const wrong = await attempt(t, program);
    played += 1;
    if (wrong) first ??= { program, wrong };
    return wrong === undefined;
  });
  const details = await fc.check(property, {
    seed: t.session.seed,
    numRuns: PROGRAMS,
    interruptAfterTimeLimit: 90_000 * t.session.scale,
    markInterruptAsFailure: false,
  });
  if (first === undefined) {
    t.expect(id, true, "", "");
    return;
  }
  const smallest = details.counterexample?.[0] ?? first.program;
  const times = await timesWrong(t, smallest);
  const told = times >= CONFIRMED ? smallest : first.program;
  t.expect(
    id,
    false,
    "one story explains each run of the program",
    `${first.wrong.what}. Program: ${programText(told)} (${times >= CONFIRMED ? `wrong in ${times} of ${REPEATS} repeats` : "seen once"}; again with --only ${id} --replay ${t.session.seed}; ${played} programs played)`,
    first.wrong.exchange,
  );
}

export const PROGRAM_SCENARIOS: readonly Scenario[] = [
  {
    name: "random programs of one client",
    feeds: ["MOD-01"],
    needs: ["succeeds"],
    alone: true,
    run: (t) => playAll(t, "MOD-01", SEQUENTIAL),
  },
  {
    name: "random programs of several clients",
    feeds: ["MOD-02"],
    needs: ["succeeds"],
    alone: true,
    run: (t) => playAll(t, "MOD-02", PARALLEL),
  },
];
