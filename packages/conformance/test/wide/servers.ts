import { type Behaviour, correct } from "../reference/behaviour.ts";
import { count } from "../reference/lab.ts";
import { type Condition, REFUSED, RESTARTS, type When } from "./conditions.ts";
import type { Fault } from "./fault.ts";
import { DONE, OTHER_ENDS, RUNNING, WORK } from "./faults/life.ts";
import { OUTPUT } from "./faults/output.ts";
import { CANCEL, CREATE, REFUSALS } from "./faults/requests.ts";

/** A server that is wrong in one way, and only sometimes. */
export interface WideServer {
  name: string;
  /** A sentence. */
  why: string;
  overrides: Partial<Behaviour>;
  /** How often its condition held when it mattered; 0 means that it never showed. */
  shown(): number;
}

/** Keeps the counters that conditions read. */
export function tracked(overrides: Partial<Behaviour>): Partial<Behaviour> {
  const behaviour = { ...correct, ...overrides };
  return {
    ...overrides,
    create: async (lab, request) => {
      const answer = await behaviour.create(lab, request);
      if (answer.status >= 400 && answer.status < 500) count(lab, REFUSED);
      return answer;
    },
    restart: (lab) => {
      count(lab, RESTARTS);
      behaviour.restart(lab);
    },
  };
}

function cross(fault: Fault, condition: Condition): WideServer {
  let shown = 0;
  const when: When = (lab, run) => {
    const holds = condition.holds(lab, run);
    if (holds) shown += 1;
    return holds;
  };
  return {
    name: `${fault.name}/${condition.name}`,
    why: `${fault.wrong}; it happens ${condition.phrase}.`,
    overrides: tracked(fault.make(when)),
    shown: () => shown,
  };
}

const FAULTS: readonly Fault[] = [
  ...RUNNING,
  ...DONE,
  ...OTHER_ENDS,
  ...WORK,
  ...OUTPUT,
  ...CREATE,
  ...CANCEL,
  ...REFUSALS,
];

/** Every rule that can be broken, crossed with the times, places and kinds in which it is. */
export const WIDE: readonly WideServer[] = FAULTS.flatMap((fault) =>
  fault.with.flat().map((condition) => cross(fault, condition)),
);
