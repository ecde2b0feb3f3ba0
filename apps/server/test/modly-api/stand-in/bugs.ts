/**
 * What Modly's backend has been seen to do wrong, each with its switch.
 *
 * Habits (200 to a create, 422 with an array, 307 for a slash, 405 to HEAD, a cancel that is always
 * true, a `pending` that no read meets) are no bugs: the stand-in always has them.
 */
export const BUGS = {
  cancelKillsActive: "A cancel, of whatever job, kills the process that serves another one",
  resultsSwap: "Two jobs at once on one model process get each other's meshes",
  switchFreezes: "A create for another model freezes the API, and the job that runs never ends",
  waitersRunElsewhere:
    "With more jobs than threads, a waiting job says running and is executed by the model that is active then",
  oddParams: "Params that are no object give a 500 in plain text, and broken JSON is silently {}",
  emptyImages: "An empty picture is accepted",
  collectionsClimb: "A collection may be named .. and lie outside of the workspace",
  progressAfterCancel: "The progress of a cancelled job goes on moving",
  cancelPoisons:
    "After a cancel the next five jobs of that model fail while it loads, with what the killed process had still said",
  answersTaken:
    "A second job on one model process takes what it says of the first, which says running for good",
  ignoresCancel: "A model in Modly's own process goes on with a job that is cancelled",
  oddProgress: "Progress falls from 2 to 0, has fractions, and reaches 250",
  tracebacks: "An error is a whole traceback with the paths of the machine",
  lateFiles: "Done is said a moment before the file can be fetched",
  refusedCreateSwitches: "A refused create has switched the active model",
  workspaceLeaks: "The workspace serves files from outside of it",
} as const satisfies Record<string, string>;

export type Bug = keyof typeof BUGS;
export const ALL_BUGS = Object.keys(BUGS) as readonly Bug[];

/** Tried alone: in a storm, nobody could tell what they lead to from what we must not do. */
const ALONE: readonly Bug[] = ["cancelPoisons", "ignoresCancel", "answersTaken"];
/** What `all` switches on. */
export const USUAL_BUGS = ALL_BUGS.filter((bug) => !ALONE.includes(bug));

/** What may go wrong on the way, switched on and off while it runs (`PUT /stand-in/faults`). */
export interface Faults {
  /** Milliseconds before any answer of Modly's. */
  delay: number;
  /** So many of the next submissions are taken, and their answer is cut off. */
  loseSubmissions: number;
  /** So many of the next answers are garbage with status 200. */
  garbage: number;
  /** So many of the next connections are cut without an answer. */
  cut: number;
  /** So many of the next downloads stop half-way. */
  cutFiles: number;
}

export const NO_FAULTS: Faults = { delay: 0, loseSubmissions: 0, garbage: 0, cut: 0, cutFiles: 0 };
