import { type Behaviour, correct } from "../reference/behaviour.ts";
import { TOLERANCES } from "../reference/index.ts";
import { pause, type StoredRun } from "../reference/lab.ts";
import { ALWAYS, COMPANY, type Condition, HISTORY, NUMBER, type When } from "./conditions.ts";
import { tracked, type WideServer } from "./servers.ts";

/** One way to be odd and right, for a condition to decide when. */
interface Oddity {
  name: string;
  odd: string;
  make(when: When): Partial<Behaviour>;
}

const ODDITIES: readonly Oddity[] = [
  {
    name: "more-keys",
    odd: "A run has more keys than the contract names",
    make(when) {
      // Decided at the first look: a run that has ended may not change.
      const decided = new WeakMap<StoredRun, boolean>();
      return {
        view(run, lab) {
          const odd = decided.get(run) ?? when(lab, run);
          decided.set(run, odd);
          return { ...correct.view(run, lab), ...(odd ? { worker: { name: "w1" } } : {}) };
        },
      };
    },
  },
  {
    name: "accepted-202",
    odd: "A create is answered 202",
    make: (when) => ({
      created: async (lab, run, request) => {
        const answer = await correct.created(lab, run, request);
        return when(lab, run) ? { ...answer, status: 202 } : answer;
      },
    }),
  },
  {
    name: "slow-read",
    odd: "A read takes 120 ms longer",
    make: (when) => ({
      read: async (lab, run, request) => {
        if (when(lab, run)) await pause(lab, 120);
        return correct.read(lab, run, request);
      },
    }),
  },
  {
    name: "slow-run",
    odd: "A run takes a third of a second longer",
    make: (when) => ({
      work: async (lab, run) => {
        if (when(lab, run) && !(await pause(lab, 333, run))) return;
        await correct.work(lab, run);
      },
    }),
  },
  {
    name: "no-percentages",
    odd: "Progress stays at 0 until the run is done",
    make: (when) => ({
      work: async (lab, run) => {
        const silent = when(lab, run);
        await correct.work(
          silent ? { ...lab, behaviour: { ...lab.behaviour, advance: () => {} } } : lab,
          run,
        );
      },
    }),
  },
  {
    name: "other-name",
    odd: "The mesh has another kind of name",
    make: (when) => ({
      publish: (lab, run) => {
        if (!when(lab, run) || run.model.id === "ref/fingerprint") return correct.publish(lab, run);
        const outputPath = () => `${run.collection}/mesh_${run.id.slice(0, 13)}.glb`;
        correct.publish({ ...lab, behaviour: { ...lab.behaviour, outputPath } }, run);
      },
    }),
  },
];

const TIMES: readonly Condition[] = [...ALWAYS, ...NUMBER, ...COMPANY, ...HISTORY];

/** Right all the time, and known to have been blamed by a thorough run. */
const BLAMED_ONCE = TOLERANCES.filter(({ name }) => name.startsWith("webp-"));

/** Oddities crossed with the times in which they show. None may be blamed. */
export const WIDE_ODD: readonly WideServer[] = [
  ...ODDITIES.flatMap(({ name, odd, make }) =>
    TIMES.map((condition) => ({
      name: `${name}/${condition.name}`,
      why: `${odd}; it happens ${condition.phrase}.`,
      overrides: tracked(make(condition.holds)),
      shown: () => 0,
    })),
  ),
  ...BLAMED_ONCE.map(({ name, why, overrides }) => ({ name, why, overrides, shown: () => 0 })),
];
