/** How long the façade waits for what, in milliseconds. Every value can be set by whoever creates the source. */
export const TIMES = {
  /** Between two polls of a job: quick at first, half as long again each time, never slower than the last. */
  firstPoll: 100,
  slowestPoll: 1_000,
  /** For a connection to be made. Modly is on the same desk. */
  connect: 2_000,
  /** For a short answer: a job's status, the list of models. A busy Modly freezes for seconds. */
  answer: 10_000,
  /** For the answer to a submission: some releases load the model before they answer. */
  submission: 300_000,
  /** For one attempt to fetch a mesh. */
  download: 300_000,
  /** For a file that a finished job names and that is not there yet. */
  file: 5_000,
  /** For a Modly that is away to come back, before a run that needs it ends in an error. */
  away: 120_000,
  /** After a lost answer: that job may be running, and two at once can swap their results in Modly. */
  quiet: 60_000,
  /** A cancelled job whose progress has not moved for so long has stopped; it is waited for no longer than that. */
  still: 700,
  drain: 60_000,
  /** How old a list of models may be, and how long a request waits for a newer one, or for the first. */
  fresh: 1_500,
  listing: 1_000,
  firstListing: 5_000,
  /** How old the description of a model's parameters may be. */
  freshParams: 30_000,
} as const satisfies Record<string, number>;

/** The same names, with any values. */
export type Times = Readonly<Record<keyof typeof TIMES, number>>;
