import * as fc from "fast-check";
import { expect, test } from "vitest";

import {
  type Action,
  apply,
  begin,
  type Event,
  type FlowState,
  type Graph,
  isEnded,
  next,
} from "../src/index.ts";

/** What a step does when it is tried: `fail` once, `broken` whatever comes, then it works. */
type Behaviour = readonly ("fail" | "final")[];

interface World {
  graph: Graph;
  behaviours: readonly Behaviour[];
  /** Decides which of the running steps ends next, and other chances. */
  dice: readonly number[];
  /** Events after which something comes from outside. */
  outside: readonly { after: number; what: "cancel" | "pause" | "crash" }[];
}

const worlds = (outside: World["outside"][number]["what"][] = []): fc.Arbitrary<World> =>
  fc.integer({ min: 1, max: 12 }).chain((size) =>
    fc.record({
      graph: fc.record({
        parallel: fc.integer({ min: 1, max: 4 }),
        pause: fc.constant(1000),
        steps: fc.tuple(
          ...Array.from({ length: size }, (_, at) =>
            fc.record({
              id: fc.constant(`s${at}`),
              needs: fc.subarray(
                Array.from({ length: at }, (_, before) => `s${before}`),
                { maxLength: Math.min(3, at) },
              ),
              retries: fc.integer({ min: 0, max: 2 }),
              ways: fc.integer({ min: 1, max: 2 }),
            }),
          ),
        ),
      }),
      behaviours: fc.array(
        fc.array(fc.constantFrom("fail" as const, "fail" as const, "final" as const), {
          maxLength: 5,
        }),
        { minLength: size, maxLength: size },
      ),
      dice: fc.array(fc.nat(1000), { minLength: 8, maxLength: 40 }),
      outside:
        outside.length === 0
          ? fc.constant([])
          : fc.array(fc.record({ after: fc.nat(30), what: fc.constantFrom(...outside) }), {
              minLength: 1,
              maxLength: 4,
            }),
    }),
  );

interface Played {
  state: FlowState;
  events: Event[];
  /** Each attempt that was begun, as often as it was. */
  begun: string[];
  /** The most that ran at once. */
  most: number;
}

/** Plays a world to its end, with a clock of its own, and checks what must hold at every moment. */
function play({ graph, behaviours, dice, outside }: World): Played {
  let state = begin(graph);
  let now = 0;
  let roll = 0;
  const events: Event[] = [];
  const begun: string[] = [];
  let most = 0;
  const tries = new Map<string, number>();
  const happen = (event: Event) => {
    events.push(event);
    state = apply(graph, state, event);
    for (const { after, what } of outside)
      if (after === events.length)
        happen(what === "crash" ? { type: "recovered" } : { type: what });
  };
  for (let round = 0; round < 2000; round++) {
    const actions = next(graph, state, now);
    const of = <D extends Action["do"]>(wanted: D) =>
      actions.filter((action): action is Extract<Action, { do: D }> => action.do === wanted);
    const [end] = of("end");
    if (end) {
      happen({ type: "ended", status: end.status });
      return { state, events, begun, most };
    }
    for (const { step } of of("skip")) happen({ type: "skipped", step });
    for (const { step } of of("stop")) happen({ type: "stopped", step });
    for (const { step, attempt } of of("start")) {
      if (state.status !== "running" || state.steps.get(step)!.status !== "waiting") continue;
      const { needs } = graph.steps.find(({ id }) => id === step)!;
      for (const need of needs) expect(state.steps.get(need)!.status).toBe("done");
      begun.push(`${step}#${attempt}`);
      happen({ type: "started", step, attempt });
    }
    const running = [...state.steps]
      .filter(([, { status }]) => status === "running")
      .map(([id]) => id);
    most = Math.max(most, running.length);
    if (running.length === 0) {
      const [wake] = of("wake");
      if (wake) now = wake.at;
      continue;
    }
    const step = running[dice[roll++ % dice.length]! % running.length]!;
    now += dice[roll % dice.length]!;
    const nth = tries.get(step) ?? 0;
    tries.set(step, nth + 1);
    const what = behaviours[Number(step.slice(1))]![nth];
    if (what === undefined) happen({ type: "done", step });
    else happen({ type: "failed", step, final: what === "final", at: now });
  }
  throw new Error("It never ended");
}

const statuses = ({ steps }: FlowState) =>
  Object.fromEntries([...steps].map(([id, { status }]) => [id, status]));

/** How a step must end, told without the engine: the ways and their tries, one after the other. */
function willWork({ retries, ways }: Graph["steps"][number], behaviour: Behaviour): boolean {
  let failures = 0;
  let way = 0;
  for (const what of behaviour) {
    failures++;
    if (what === "final" || failures > retries) {
      way++;
      failures = 0;
    }
    if (way >= ways) return false;
  }
  return true;
}

test("every step ends as its own tries and those it needs have it, whatever the order", () => {
  fc.assert(
    fc.property(worlds(), (world) => {
      const { state, most } = play(world);
      const expected: Record<string, string> = {};
      for (const [at, step] of world.graph.steps.entries())
        expected[step.id] = step.needs.some((need) => expected[need] !== "done")
          ? "skipped"
          : willWork(step, world.behaviours[at]!)
            ? "done"
            : "failed";
      expect(statuses(state)).toEqual(expected);
      expect(state.status).toBe(
        Object.values(expected).every((one) => one === "done") ? "done" : "failed",
      );
      expect(most).toBeLessThanOrEqual(world.graph.parallel);
    }),
  );
});

test("no attempt is begun twice, and tries stay within what was allowed", () => {
  fc.assert(
    fc.property(worlds(), (world) => {
      const { begun } = play(world);
      expect(new Set(begun).size).toBe(begun.length);
      for (const { id, retries, ways } of world.graph.steps)
        expect(begun.filter((one) => one.startsWith(`${id}#`)).length).toBeLessThanOrEqual(
          (1 + retries) * ways,
        );
    }),
  );
});

test("after a crash what ran is begun again as the same attempt, and the end is the same", () => {
  fc.assert(
    fc.property(worlds(["crash"]), (world) => {
      const { begun, state } = play(world);
      expect(statuses(state)).toEqual(statuses(play({ ...world, outside: [] }).state));
      // Numbers of attempts go up without a gap, so a key made of one finds what was begun under it.
      for (const { id } of world.graph.steps) {
        const numbers = begun
          .filter((one) => one.startsWith(`${id}#`))
          .map((one) => Number(one.split("#")[1]));
        for (const [at, number] of numbers.entries())
          expect(number - (numbers[at - 1] ?? 0)).toBeOneOf(at === 0 ? [1] : [0, 1]);
      }
    }),
  );
});

test("a cancelled flow run ends, begins nothing more and keeps what was done", () => {
  fc.assert(
    fc.property(worlds(["cancel"]), (world) => {
      const { state, events } = play(world);
      const at = events.findIndex(({ type }) => type === "cancel");
      // One that comes after the end changes nothing.
      fc.pre(at !== -1 && !events.slice(0, at).some(({ type }) => type === "ended"));
      expect(events.slice(at).some(({ type }) => type === "started")).toBe(false);
      expect(state.status).toBe("cancelled");
      const before = play({ ...world, outside: [] });
      for (const [id, { status }] of state.steps)
        if (status === "done") expect(before.state.steps.get(id)!.status).toBe("done");
    }),
  );
});

test("a pause lets what runs end, and a resume goes on to the same end", () => {
  fc.assert(
    fc.property(worlds(["pause"]), (world) => {
      let { state } = play(world);
      fc.pre(state.status === "paused");
      expect([...state.steps.values()].some(({ status }) => status === "running")).toBe(false);
      state = apply(world.graph, state, { type: "resume" });
      expect(state.status).toBe("running");
      const done = (of: FlowState) =>
        [...of.steps].filter(([, { status }]) => status === "done").map(([id]) => id);
      const before = done(state);
      // Everything works from here on.
      for (let round = 0; round < 2000 && !isEnded(state.status); round++) {
        for (const action of next(world.graph, state, Infinity)) {
          if (action.do === "start") {
            expect(before).not.toContain(action.step);
            state = apply(world.graph, state, {
              type: "started",
              step: action.step,
              attempt: action.attempt,
            });
            state = apply(world.graph, state, { type: "done", step: action.step });
          } else if (action.do === "skip")
            state = apply(world.graph, state, { type: "skipped", step: action.step });
          else if (action.do === "end")
            state = apply(world.graph, state, { type: "ended", status: action.status });
        }
      }
      expect(["done", "failed"]).toContain(state.status);
    }),
  );
});

test("a resume of a failed flow run tries again what failed and what waited for it, and nothing else", () => {
  fc.assert(
    fc.property(worlds(), (world) => {
      const { state, begun } = play(world);
      fc.pre(state.status === "failed");
      const again = apply(world.graph, state, { type: "resume" });
      for (const [id, { status, attempt }] of again.steps) {
        expect(status).toBe(state.steps.get(id)!.status === "done" ? "done" : "waiting");
        // The next try has a number that none had before.
        expect(begun).not.toContain(`${id}#${attempt + 1}`);
      }
    }),
  );
});

test("what was made before or is locked is done without being begun", () => {
  fc.assert(
    fc.property(worlds(), fc.nat(), (world, nth) => {
      const kept = world.graph.steps[nth % world.graph.steps.length]!.id;
      let state = apply(world.graph, begin(world.graph), { type: "done", step: kept });
      expect(state.steps.get(kept)).toMatchObject({ status: "done", attempt: 0 });
      const starts = next(world.graph, state, 0).filter((action) => action.do === "start");
      expect(starts.some(({ step }) => step === kept)).toBe(false);
      state = apply(world.graph, state, { type: "started", step: kept, attempt: 1 });
      expect(state.steps.get(kept)!.status).toBe("done");
    }),
  );
});
