import type { CheckId, Status } from "@modly-runs/conformance";

import { type Bug, USUAL_BUGS } from "../stand-in/bugs.ts";

type Seen = Readonly<Partial<Record<CheckId, Status>>>;

const all = (status: Status, ids: readonly CheckId[]) =>
  Object.fromEntries(ids.map((id) => [id, status])) as Seen;

/** What the suite says of Modly's habits: no bug, so nothing fails. */
export const HABITS: Seen = all("warn", ["CRE-15", "GET-19", "GET-21", "CAN-24", "CAN-25"]);

/**
 * What the suite makes of each bug on the stand-in's own workflow-runs routes, derived from the rules.
 *
 * A check is blocked where the bug keeps it from being tried: what has not downloaded can't be judged.
 */
export const SEEN: Readonly<Record<Bug, Seen>> = {
  oddParams: all("fail", ["CRE-22", "CRE-23", "WIRE-01"]),
  collectionsClimb: all("fail", ["CRE-46"]),
  progressAfterCancel: all("fail", ["LIF-04", "CAN-08"]),
  oddProgress: all("fail", ["GET-01", "GET-04", "LIF-02", "LIF-15"]),
  // Some meshes have been asked for before their check does: those are there by then.
  lateFiles: {
    ...all("fail", ["LIF-07", "CAN-06", "OUT-01"]),
    ...all("blocked", ["OUT-03", "OUT-04", "OUT-05", "OUT-06", "OUT-07"]),
    ...all("blocked", ["OUT-12", "OUT-13", "OUT-14", "OUT-15", "OUT-16"]),
  },
  waitersRunElsewhere: { "LIF-16": "warn", ...all("blocked", ["CAN-05", "CAN-16"]) },
  cancelKillsActive: all("fail", ["CAN-15", "CAN-16"]),
  resultsSwap: all("fail", ["LIF-10", "CAN-14", "OUT-10"]),
  switchFreezes: { "LIF-05": "fail", ...all("blocked", ["LIF-10", "LIF-11"]) },
  tracebacks: all("fail", ["WIRE-03"]),
  workspaceLeaks: all("fail", ["OUT-19"]),
  // Its run ends in `error`, and a server may answer so.
  emptyImages: {},
  // Not to be seen through the three endpoints.
  refusedCreateSwitches: {},
  // Tried by tests of their own.
  cancelPoisons: {},
  answersTaken: {},
  ignoresCancel: {},
};

/** Whether a race shows a bug is up to who wins it: such a check may fail, and may pass. */
export const RACES: Readonly<Partial<Record<CheckId, Bug>>> = {
  "CAN-12": "lateFiles",
  "GET-30": "progressAfterCancel",
};

/** These strike whatever else is going on, so only their own checks are asked. */
export const STRIKING = ["cancelKillsActive", "resultsSwap", "switchFreezes"] as const;

export const QUIET = USUAL_BUGS.filter((bug) => !STRIKING.some((striking) => striking === bug));
