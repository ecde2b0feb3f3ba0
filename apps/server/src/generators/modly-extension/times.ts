/** How long the host waits for what, in milliseconds. Every value can be set by whoever creates the source. */
export const TIMES = {
  /** For a Python process to import the extension and say that it is ready. */
  ready: 120_000,
  /** For a model to load. */
  load: 1_800_000,
  /** For a generator to see that it is cancelled, and for a process to unload and end by itself. */
  cancelGrace: 1_000,
  unload: 10_000,
  /** Between SIGTERM and SIGKILL, and for the kernel to take the process away after that. */
  termGrace: 500,
  gone: 5_000,
  /** Between two signs of life while a model loads. */
  heartbeat: 5_000,
  /** How long a model that nobody uses stays loaded; 0 keeps it. */
  idle: 600_000,
  /** How old the list of extensions may be. */
  fresh: 1_000,
  /** After so many crashes in a row a model rests for so long. */
  rest: 60_000,
} as const satisfies Record<string, number>;

/** The same names, with any values. */
export type Times = Readonly<Record<keyof typeof TIMES, number>>;
