import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { DAY_MS, loadOf } from "../../bench/capacity/load.ts";
import { mostKept, type Plant, simulate, type Simulated } from "../../bench/capacity/simulate.ts";
import { randomFrom } from "../storms/random.ts";

const time = fc.integer({ min: 0, max: 1000 });
const loads = fc
  .array(fc.tuple(time, time), { minLength: 1, maxLength: 60 })
  .map((runs) => runs.toSorted(([a], [b]) => a - b))
  .map((runs) => ({ arrivals: runs.map(([at]) => at), workMs: runs.map(([, work]) => work) }));
const plants: fc.Arbitrary<Plant> = fc.record({
  places: fc.integer({ min: 1, max: 8 }),
  beginMs: fc.integer({ min: 0, max: 50 }),
  endMs: fc.integer({ min: 0, max: 50 }),
});
const sumOf = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0);
const meanOf = (values: readonly number[]) => sumOf(values) / values.length;
const waits = ({ runs }: Simulated) => runs.map(({ arrivedAt, beganAt }) => beganAt - arrivedAt);

describe("the model of capacity", () => {
  it("loses no run, begins none before it came or before those that came first", () => {
    fc.assert(
      fc.property(loads, plants, (load, plant) => {
        const { runs } = simulate(load, plant);
        expect(runs.map(({ arrivedAt }) => arrivedAt)).toEqual(load.arrivals);
        runs.forEach(({ arrivedAt, beganAt, endedAt }, nth) => {
          expect(beganAt).toBeGreaterThanOrEqual(arrivedAt + plant.beginMs);
          expect(endedAt - beganAt).toBe(load.workMs[nth]! + plant.endMs);
          if (nth > 0) expect(beganAt).toBeGreaterThanOrEqual(runs[nth - 1]!.beganAt);
        });
      }),
    );
  });

  it("never has more at work than there are places, nor lets a run wait beside a free one", () => {
    fc.assert(
      fc.property(loads, plants, (load, plant) => {
        const { runs } = simulate(load, plant);
        const picked = runs.map(({ beganAt, endedAt }) => [beganAt - plant.beginMs, endedAt]);
        for (const { arrivedAt, beganAt } of runs) {
          const at = beganAt - plant.beginMs;
          const taken = picked.filter(([from, to]) => from! <= at && at < to!).length;
          // A run of no length is in none of these moments.
          expect(taken).toBeLessThanOrEqual(plant.places);
          if (at === arrivedAt) continue;
          const before = picked.filter(([from, to]) => from! < at && at <= to!).length;
          expect(before).toBeGreaterThanOrEqual(plant.places);
        }
      }),
    );
  });

  it("keeps Little's law: as many in the system as come in the time that one is there", () => {
    fc.assert(
      fc.property(loads, plants, (load, plant) => {
        const { runs, inSystem, untilMs } = simulate(load, plant);
        fc.pre(untilMs > 0);
        const rate = runs.length / untilMs;
        const stay = meanOf(runs.map(({ arrivedAt, endedAt }) => endedAt - arrivedAt));
        expect(inSystem).toBeCloseTo(rate * stay, 6);
      }),
    );
  });

  it("makes nobody wait longer for one more place", () => {
    fc.assert(
      fc.property(loads, plants, (load, plant) => {
        const more = simulate(load, { ...plant, places: plant.places + 1 });
        waits(simulate(load, plant)).forEach((wait, nth) =>
          expect(waits(more)[nth]).toBeLessThanOrEqual(wait),
        );
      }),
    );
  });

  it("keeps what ended for as long as it is told, and no longer", () => {
    fc.assert(
      fc.property(loads, plants, time, (load, plant, keepMs) => {
        const simulated = simulate(load, plant);
        const ends = simulated.runs.map(({ endedAt }) => endedAt);
        const most = Math.max(
          ...ends.map((at) => ends.filter((end) => end <= at && at <= end + keepMs).length),
        );
        expect(mostKept(simulated, keepMs, 3)).toEqual({ runs: most, bytes: 3 * most });
      }),
    );
  });

  it("waits as long as the formula of Erlang says, where that one holds", () => {
    // Four places, taken for 80 % of the time by runs of exponential length.
    const random = randomFrom(7);
    const exponential = () => -Math.log(1 - random());
    const [places, workMs, runs] = [4, 1000, 200_000];
    let at = 0;
    const arrivals = Array.from({ length: runs }, () => (at += exponential() * (workMs / 3.2)));
    const load = { arrivals, workMs: arrivals.map(() => exponential() * workMs) };
    const simulated = simulate(load, { places, beginMs: 0, endMs: 0 });
    expect(simulated.utilisation).toBeCloseTo(0.8, 1);
    // Erlang C for 3.2 Erlang on 4 places is 0.5964; the mean wait is that by 4 - 3.2 times the work.
    const expected = (0.5964 / 0.8) * workMs;
    expect(meanOf(waits(simulated)) / expected).toBeGreaterThan(0.95);
    expect(meanOf(waits(simulated)) / expected).toBeLessThan(1.05);
  });

  it("is given days as they are asked for", () => {
    const day = { runs: 100_000, peak: 2, workMs: 40_000, spread: 0.5 };
    const { arrivals, workMs } = loadOf(day, randomFrom(3));
    expect(arrivals.length / day.runs).toBeCloseTo(1, 1);
    expect(meanOf(workMs) / day.workMs).toBeCloseTo(1, 1);
    const noon = arrivals.filter((at) => Math.abs(at - DAY_MS / 2) < DAY_MS / 48).length;
    expect((noon * 24) / day.runs).toBeCloseTo(2, 0);
  });
});
