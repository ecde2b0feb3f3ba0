import type { SetName } from "../../../src/requirements/index.ts";
import type { TargetConfig } from "../../../src/target/config.ts";
import { type Behaviour, correct } from "../behaviour.ts";
import type { Answer, Request } from "../http.ts";
import type { Lab, StoredRun } from "../lab.ts";

/** A server that is wrong in one way, and the checks that must notice. */
export interface Mutant {
  name: string;
  /** What is wrong, and whose mistake it is where it was seen. */
  why: string;
  overrides: Partial<Behaviour>;
  /** Ids of the checks that must fail: derived from the rules, not from a run. */
  kills: readonly string[];
  /** Checks that this fault hits only when the timing lets it. */
  mayAlsoFail?: readonly { id: string; reason: string }[];
  /** The set that it is held against; `core` where nothing is said. */
  set?: SetName;
  /** What its target's description says differently, by where it listens. */
  config?: (url: string) => Partial<TargetConfig>;
  /** So many runs have to be at work at once for it to be wrong: with fewer places it is right. */
  atOnce?: number;
  /** Why it is tried by `pnpm zoo` alone. */
  slow?: string;
}

/** For mutants that hurt a neighbour: scenarios which run side by side may be neighbours by chance. */
export const SIDE_BY_SIDE = [
  "CRE-11",
  "CRE-43",
  "CRE-45",
  "CRE-51",
  "CRE-52",
  "CRE-53",
  "GET-30",
  "OUT-18",
  "CAN-06",
  "CAN-12",
  "LIF-17",
].map((id) => ({
  id,
  reason: "its runs may be the only ones beside the one that does harm",
}));

/** Shows a run with some keys changed. */
export function shown(patch: (run: StoredRun) => Record<string, unknown>): Partial<Behaviour> {
  return { view: (run, lab) => ({ ...correct.view(run, lab), ...patch(run) }) };
}

/** Shows runs of one status with some keys changed. */
export function shownWhen(
  status: StoredRun["status"],
  patch: (run: StoredRun) => Record<string, unknown>,
): Partial<Behaviour> {
  return shown((run) => (run.status === status ? patch(run) : {}));
}

/** Answers some requests in another way, and the rest as it should. */
export function instead(
  answer: (request: Request, lab: Lab) => Answer | Promise<Answer> | null,
): Partial<Behaviour> {
  return {
    handle: async (lab, request) => (await answer(request, lab)) ?? correct.handle(lab, request),
  };
}

/** What a framework's own handler says when an exception gets through. */
export function crash(): never {
  throw new Error("The mutant crashes here.");
}

/** Milliseconds since a run was created. */
export function ageOf(run: StoredRun): number {
  return performance.now() - run.createdAt;
}

/** An HTML page, where JSON was due. */
export function page(status: number): Answer {
  return { status, headers: { "Content-Type": "text/html" }, body: "<h1>Not here</h1>" };
}
