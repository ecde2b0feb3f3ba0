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

/** A server to check: the shape of the YAML file, key by key. */
export type TargetConfig = {
  readonly base_url: string;
  /** Sent with every request, for example a token. Never shown in a report. */
  readonly headers?: Readonly<Record<string, string>>;
  /** `modly` takes the habits of the existing back end for what they are. Default `strict`. */
  readonly profile?: "strict" | "modly";
  /** Multiplies every budget. Default 1. */
  readonly time_scale?: number;
  /** How long an ended run is kept, in milliseconds, if the target promises a time. */
  readonly retention_ms?: number;
  /** `none`: the target has no such thing, its checks do not apply. Left out: the suite looks for one. */
  readonly situations?: Readonly<Partial<Record<SituationName, Recipe | "none">>>;
  readonly capabilities?: readonly Capability[];
  readonly hooks?: {
    readonly restart?: { readonly command: string; readonly timeout_ms?: number };
  };
};

const KEYS = {
  base_url: "string",
  headers: "mapping",
  profile: "string",
  time_scale: "number",
  retention_ms: "number",
  situations: "mapping",
  capabilities: "list",
  hooks: "mapping",
} as const satisfies Record<keyof TargetConfig, string>;

const RECIPE_KEYS = {
  model_id: "string",
  params: "mapping",
  image: "string",
  min_ms: "number",
  burst: "number",
} as const satisfies Record<keyof Recipe, string>;

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "list";
  if (typeof value === "object") return value === null ? "nothing" : "mapping";
  return typeof value;
}

function wrongKeys(value: object, keys: Readonly<Record<string, string>>, where: string): string[] {
  return Object.entries(value).flatMap(([key, item]) => {
    const wanted = keys[key];
    if (wanted === undefined) {
      return [`${where}${key} is not a setting; there are: ${Object.keys(keys).join(", ")}`];
    }
    return kindOf(item) === wanted ? [] : [`${where}${key} must be a ${wanted}`];
  });
}

/** What is wrong with a configuration, as sentences; none if it can be used as a TargetConfig. */
export function configFaults(value: unknown): readonly string[] {
  if (kindOf(value) !== "mapping") return ["the configuration must be a mapping of settings"];
  const config = value as Record<string, unknown>;
  const faults = wrongKeys(config, KEYS, "");
  if (faults.length > 0) return faults;
  if (![undefined, "strict", "modly"].includes(config["profile"] as string | undefined)) {
    faults.push("profile must be strict or modly");
  }
  for (const capability of (config["capabilities"] ?? []) as unknown[]) {
    if (!CAPABILITIES.some((known) => known === capability)) {
      faults.push(
        `capabilities: ${String(capability)} is unknown; there are: ${CAPABILITIES.join(", ")}`,
      );
    }
  }
  for (const [name, recipe] of Object.entries(config["situations"] ?? {})) {
    if (!SITUATIONS.some((known) => known === name)) {
      faults.push(`situations.${name} is unknown; there are: ${SITUATIONS.join(", ")}`);
    } else if (kindOf(recipe) === "mapping") {
      faults.push(...wrongKeys(recipe as object, RECIPE_KEYS, `situations.${name}.`));
    } else if (recipe !== "none") {
      faults.push(`situations.${name} must be a mapping, or none`);
    }
  }
  return faults;
}
