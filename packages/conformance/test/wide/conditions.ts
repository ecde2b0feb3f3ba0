import { isEnded } from "@modly-runs/contract";

import { active, type Lab, type StoredRun } from "../reference/lab.ts";

/** Says whether a fault shows now. `run` is left out where no run is concerned. */
export type When = (lab: Lab, run?: StoredRun) => boolean;

/** A time, a place or a kind of run in which a fault shows; everywhere else the server is right. */
export interface Condition {
  name: string;
  /** Completes the sentence "it happens ...". */
  phrase: string;
  holds: When;
}

/** Counters of the laboratory that conditions read; see `tracked`. */
export const REFUSED = "refused creates";
export const RESTARTS = "restarts";

const of =
  (holds: (run: StoredRun, lab: Lab) => boolean): When =>
  (lab, run) =>
    run !== undefined && holds(run, lab);

/** Counted from 1; a run that is not accepted yet is the next one. */
const ordinal = (run: StoredRun, lab: Lab) => {
  const at = [...lab.runs.keys()].indexOf(run.id);
  return (at < 0 ? lab.runs.size : at) + 1;
};
const sinceEnd = (run: StoredRun) => (run.endedAt === null ? -1 : performance.now() - run.endedAt);
const seen = (lab: Lab, status: StoredRun["status"], but?: StoredRun) =>
  [...lab.runs.values()].some((run) => run !== but && run.status === status);

const isPng = ({ image }: StoredRun) => image.toString("latin1", 1, 4) === "PNG";
/** Of a PNG's header: bits a sample, and 0 grey, 2 colour, 3 palette, 4 grey with alpha, 6 both. */
const depth = (run: StoredRun) => (isPng(run) ? run.image[24] : undefined);
const colours = (run: StoredRun) => (isPng(run) ? run.image[25] : undefined);

/** Always: the plain mutant that the others are variations of. */
export const ALWAYS: readonly Condition[] = [
  { name: "always", phrase: "always", holds: () => true },
];

/** How far the run has got. */
export const PROGRESS: readonly Condition[] = [
  {
    name: "after-half",
    phrase: "once the run has passed 50 %",
    holds: of((run) => run.progress >= 50),
  },
  { name: "at-the-last", phrase: "in its last step", holds: of((run) => run.progress >= 90) },
];

/** How long ago the run ended, and how often that was read. */
export const ENDED: readonly Condition[] = [
  {
    name: "second-read",
    phrase: "from the second read of the end on",
    holds: of((run) => run.endReads >= 2),
  },
  {
    name: "after-1s",
    phrase: "from 1 s after the end on",
    holds: of((run) => sinceEnd(run) > 1_000),
  },
  {
    name: "after-3s",
    phrase: "from 3 s after the end on",
    holds: of((run) => sinceEnd(run) > 3_000),
  },
];

/** Which run it is. */
export const NUMBER: readonly Condition[] = [
  {
    name: "every-third",
    phrase: "to every third run",
    holds: of((run, lab) => ordinal(run, lab) % 3 === 0),
  },
  {
    name: "every-tenth",
    phrase: "to every tenth run",
    holds: of((run, lab) => ordinal(run, lab) % 10 === 0),
  },
  {
    name: "from-the-40th",
    phrase: "from the fortieth run on",
    holds: of((run, lab) => ordinal(run, lab) >= 40),
  },
];

/** What else goes on in the server. */
export const COMPANY: readonly Condition[] = [
  {
    name: "three-active",
    phrase: "while three other runs are active",
    holds: (lab, run) => active(lab).filter((other) => other !== run).length >= 3,
  },
  {
    name: "alone",
    phrase: "while no other run is active",
    holds: (lab, run) => active(lab).every((other) => other === run),
  },
];

/** What has happened before. */
export const HISTORY: readonly Condition[] = [
  {
    name: "after-a-cancel",
    phrase: "once any run was cancelled",
    holds: (lab, run) => seen(lab, "cancelled", run),
  },
  {
    name: "after-a-failure",
    phrase: "once any run has failed",
    holds: (lab, run) => seen(lab, "error", run),
  },
  {
    name: "after-a-refusal",
    phrase: "once a create was refused",
    holds: (lab) => (lab.counters.get(REFUSED) ?? 0) > 0,
  },
  {
    name: "after-a-restart",
    phrase: "after a restart",
    holds: (lab) => (lab.counters.get(RESTARTS) ?? 0) > 0,
  },
];

/** What picture the run is made from. */
export const PICTURE: readonly Condition[] = [
  {
    name: "jpeg",
    phrase: "to JPEGs",
    holds: of(({ image }) => image[0] === 0xff && image[1] === 0xd8),
  },
  {
    name: "webp",
    phrase: "to WebPs",
    holds: of(({ image }) => image.toString("latin1", 8, 12) === "WEBP"),
  },
  { name: "grey-png", phrase: "to grey PNGs", holds: of((run) => colours(run) === 0) },
  { name: "palette-png", phrase: "to PNGs with a palette", holds: of((run) => colours(run) === 3) },
  { name: "16-bit-png", phrase: "to PNGs of 16 bits", holds: of((run) => depth(run) === 16) },
  {
    name: "portrait",
    phrase: "to PNGs that are higher than wide",
    holds: of((run) => isPng(run) && run.image.readUInt32BE(20) > run.image.readUInt32BE(16)),
  },
  {
    name: "above-1-mib",
    phrase: "to pictures above 1 MiB",
    holds: of(({ image }) => image.length > 1024 * 1024),
  },
];

/** What else the create said. */
export const REQUEST: readonly Condition[] = [
  {
    name: "named-collection",
    phrase: "to runs with a collection of their own",
    holds: of(({ collection }) => collection !== "Default"),
  },
  {
    name: "without-params",
    phrase: "to runs without params",
    holds: of(({ params }) => Object.keys(params).length === 0),
  },
];

/** The run has not ended. */
export const isActive = (run: StoredRun) => !isEnded(run.status);
