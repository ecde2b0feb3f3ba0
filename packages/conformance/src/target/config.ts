/** How a run is brought into a state: which model, with which params, from which picture. */
export type Recipe = {
  readonly model_id?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  /** Path of a picture; else one that the suite makes. */
  readonly image?: string;
  /** runs_long: how long the run is active at the least, in milliseconds. */
  readonly min_ms?: number;
  /** queued: how many runs to start at once, at the most, until one has to wait. */
  readonly burst?: number;
};

/** The states that checks need. */
export const SITUATIONS = ["succeeds", "runs_long", "queued", "fails", "fingerprint"] as const;
export type SituationName = (typeof SITUATIONS)[number];

/** What a target may claim beyond the contract. */
export const CAPABILITIES = ["idempotency_key", "restart"] as const;
export type Capability = (typeof CAPABILITIES)[number];

/** What commands of the shell may do for the suite. */
export const HOOKS = ["restart", "memory"] as const;

/** A server to check: the shape of the YAML file, key by key. */
export type TargetConfig = {
  readonly base_url: string;
  /** Sent with every request, for example a token. Never shown in a report. */
  readonly headers?: Readonly<Record<string, string>>;
  /** `modly` takes the habits of the existing back end for what they are. Default `strict`. */
  readonly profile?: "strict" | "modly";
  /** Multiplies every budget; `auto` follows the target's own pace, however slow. Default 1. */
  readonly time_scale?: number | "auto";
  /** How many scenarios talk to the target at once. Default 6; with 1 each cleans up before the next. */
  readonly lanes?: number;
  /** How often a scenario is played in which runs may or may not meet, until it finds something. Default 1. */
  readonly races?: number;
  /** Plays everything in rounds too, alone and in company: for what goes wrong only sometimes. Default no. */
  readonly thorough?: boolean;
  /** How long an ended run is kept, in milliseconds, if the target promises a time. */
  readonly retention_ms?: number;
  /** `none`: the target has no such thing, its checks do not apply. Left out: the suite looks for one. */
  readonly situations?: Readonly<Partial<Record<SituationName, Recipe | "none">>>;
  /** Runs that a model may bring about and that its server has to present properly all the same. */
  readonly also?: readonly Also[];
  /** A model beside that of succeeds, whose runs end in error: which of the two made a run shows in its end. */
  readonly second_model?: Pick<Recipe, "model_id" | "params">;
  readonly capabilities?: readonly Capability[];
  readonly hooks?: {
    readonly restart?: Hook;
    /** Prints the resident memory of the target in KiB, such as `ps -o rss= -p 1234`. */
    readonly memory?: Hook;
  };
};

/** A run of `also`, cancelled after so many milliseconds if it says so. */
export type Also = Pick<Recipe, "model_id" | "params"> & { readonly cancel_after_ms?: number };

/** A command of the shell that does something to the target, or looks at it. */
export type Hook = { readonly command: string; readonly timeout_ms?: number };
