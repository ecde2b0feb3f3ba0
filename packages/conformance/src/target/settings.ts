import { CAPABILITIES, HOOKS, type Recipe, SITUATIONS, type TargetConfig } from "./config.ts";

type Kind = "text" | "number" | "true or false" | "mapping" | "list";

/** One key of the configuration: what it may be, and what it means. */
export type Setting = {
  readonly kinds: readonly Kind[];
  readonly says: string;
  /** The only texts it may be, where it may be text. */
  readonly words?: readonly string[];
  /** The smallest number it may be. */
  readonly least?: number;
  /** What it is where it is left out. */
  readonly otherwise?: string;
};

/** Every key of the file, in the order in which `init` writes them and the documentation lists them. */
export const SETTINGS = {
  base_url: {
    kinds: ["text"],
    says: "where the server listens, http:// or https://, with a path before it if it has one",
  },
  profile: {
    kinds: ["text"],
    words: ["strict", "modly"],
    otherwise: "strict",
    says: "modly: what Modly's own back end is used to is a warning and no failure",
  },
  headers: {
    kinds: ["mapping"],
    otherwise: "none",
    says: "sent with every request, for example Authorization; never shown in a report",
  },
  time_scale: {
    kinds: ["number", "text"],
    words: ["auto"],
    least: 0.1,
    otherwise: "1",
    says: "multiplies every time that the suite allows; auto follows the target's own pace",
  },
  lanes: {
    kinds: ["number"],
    least: 1,
    otherwise: "6",
    says: "how many scenarios talk to the target at once; with 1 each ends its runs before the next begins",
  },
  races: {
    kinds: ["number"],
    least: 1,
    otherwise: "1",
    says: "how often a scenario is played in which runs may meet or miss each other, until it finds something",
  },
  thorough: {
    kinds: ["true or false"],
    otherwise: "no",
    says: "plays creates, failures and cancels in rounds too, alone and in company: finds what is wrong only sometimes, and takes five to ten times as long",
  },
  retention_ms: {
    kinds: ["number"],
    least: 0,
    otherwise: "nothing is promised",
    says: "how long an ended run and its mesh are kept, in milliseconds, if the server promises a time (LIF-12 waits for it)",
  },
  situations: {
    kinds: ["mapping"],
    otherwise: "each is looked for",
    says: "recipes: with which model and params a run comes into a state; none for what there is not",
  },
  also: {
    kinds: ["list"],
    otherwise: "none",
    says: "more runs, {model_id, params, cancel_after_ms}: models that misbehave, whose runs the server has to present properly all the same",
  },
  second_model: {
    kinds: ["mapping"],
    otherwise: "that of fails, if it is another one than that of succeeds",
    says: "{model_id, params}: a model whose runs end in error, asked for beside that of succeeds to see which of the two makes a run",
  },
  capabilities: {
    kinds: ["list"],
    otherwise: "none",
    says: `what the server claims beyond the contract: ${CAPABILITIES.join(", ")}`,
  },
  hooks: {
    kinds: ["mapping"],
    otherwise: "none",
    says: "commands of the shell: restart ends the server and starts it again with the same data; memory prints how many KiB it holds",
  },
} as const satisfies Record<keyof TargetConfig, Setting>;

/** The keys of one recipe. */
export const RECIPE_SETTINGS = {
  model_id: {
    kinds: ["text"],
    says: "the model",
    otherwise: "the first that GET /model/all lists",
  },
  params: {
    kinds: ["mapping"],
    says: "its params, as a client would send them",
    otherwise: "none",
  },
  image: { kinds: ["text"], says: "path of a picture", otherwise: "the suite makes one" },
  min_ms: {
    kinds: ["number"],
    least: 1,
    otherwise: "1000",
    says: "runs_long: for how many milliseconds a run is active at the least",
  },
  burst: {
    kinds: ["number"],
    least: 1,
    otherwise: "12",
    says: "queued: how many runs to start, at the most, until one has to wait",
  },
} as const satisfies Record<keyof Recipe, Setting>;

/** What each recipe has to bring about. */
export const SITUATIONS_SAY = {
  succeeds: "a run ends done",
  runs_long: "a run is active for at least min_ms",
  queued: "a run has to wait, once at most burst of them were started",
  fails: "a run ends in error",
  fingerprint: "the mesh depends on the picture, and on nothing else but the run",
} as const satisfies Record<(typeof SITUATIONS)[number], string>;

const HOOK_SETTINGS = {
  command: { kinds: ["text"], says: "a command of the shell; its end means that it is done" },
  timeout_ms: { kinds: ["number"], least: 1, otherwise: "30000", says: "how long it may take" },
} as const satisfies Record<string, Setting>;

/** Something wrong with a configuration: where, and what to do. */
export type Fault = { readonly path: readonly (string | number)[]; readonly message: string };

type Keys = Readonly<Record<string, Setting>>;

function kindOf(value: unknown): Kind | "nothing" {
  if (Array.isArray(value)) return "list";
  if (typeof value === "object") return value === null ? "nothing" : "mapping";
  if (typeof value === "string") return "text";
  return typeof value === "number" ? "number" : "true or false";
}

function faultOf(value: unknown, setting: Setting): string | undefined {
  const { kinds, words, least } = setting;
  const kind = kindOf(value);
  const wanted = [
    ...(words ? words.map((word) => `"${word}"`) : []),
    ...kinds.filter((one) => one !== "text" || words === undefined).map((one) => `a ${one}`),
  ].join(" or ");
  if (!kinds.some((one) => one === kind)) return `must be ${wanted}, and is ${kind}`;
  if (typeof value === "string" && words && !words.includes(value)) {
    return `must be ${wanted}, and is "${value}"`;
  }
  if (typeof value === "number" && !(value >= (least ?? 0))) return `must be at least ${least}`;
  return undefined;
}

function faultsIn(value: object, keys: Keys, path: readonly (string | number)[]): Fault[] {
  return Object.entries(value).flatMap(([key, item]) => {
    const setting = keys[key];
    const at = [...path, key];
    if (setting === undefined) {
      const there = Object.keys(keys).join(", ");
      return [{ path: at, message: `${at.join(".")} is not a setting; there are: ${there}` }];
    }
    const fault = faultOf(item, setting);
    return fault === undefined ? [] : [{ path: at, message: `${at.join(".")} ${fault}` }];
  });
}

function hookFaults(hooks: object): Fault[] {
  return Object.entries(hooks).flatMap(([name, hook]): Fault[] => {
    const path = ["hooks", name];
    if (!HOOKS.some((known) => known === name))
      return [{ path, message: `hooks.${name} is not a hook; there are: ${HOOKS.join(", ")}` }];
    if (kindOf(hook) !== "mapping" || !Object.hasOwn(hook as object, "command"))
      return [{ path, message: `hooks.${name} must be a mapping with command: ...` }];
    return faultsIn(hook as object, HOOK_SETTINGS, path);
  });
}

function situationFaults(situations: object): Fault[] {
  return Object.entries(situations).flatMap(([name, recipe]): Fault[] => {
    const path = ["situations", name];
    if (!SITUATIONS.some((known) => known === name)) {
      const there = SITUATIONS.join(", ");
      return [{ path, message: `situations.${name} is not a situation; there are: ${there}` }];
    }
    if (kindOf(recipe) === "mapping") return faultsIn(recipe as object, RECIPE_SETTINGS, path);
    return recipe === "none"
      ? []
      : [{ path, message: `situations.${name} must be a mapping, or none` }];
  });
}

const SECOND_SETTINGS = {
  model_id: RECIPE_SETTINGS.model_id,
  params: RECIPE_SETTINGS.params,
} as const satisfies Record<string, Setting>;

const ALSO_SETTINGS = {
  ...SECOND_SETTINGS,
  cancel_after_ms: {
    kinds: ["number"],
    least: 0,
    says: "cancel it so many milliseconds after its create",
  },
} as const satisfies Record<string, Setting>;

function alsoFaults(also: readonly unknown[]): Fault[] {
  return also.flatMap((recipe, index) =>
    kindOf(recipe) === "mapping"
      ? faultsIn(recipe as object, ALSO_SETTINGS, ["also", index])
      : [{ path: ["also", index], message: `also.${index} must be a mapping` }],
  );
}

function capabilityFaults(capabilities: readonly unknown[]): Fault[] {
  return capabilities.flatMap((capability, index) =>
    CAPABILITIES.some((known) => known === capability)
      ? []
      : [
          {
            path: ["capabilities", index],
            message: `capabilities: ${String(capability)} is unknown; there are: ${CAPABILITIES.join(", ")}`,
          },
        ],
  );
}

/** What is wrong with a configuration, place by place; nothing if it can be used as a TargetConfig. */
export function faultsOf(value: unknown): readonly Fault[] {
  if (kindOf(value) !== "mapping")
    return [{ path: [], message: "the configuration must be a mapping of settings" }];
  const config = value as Record<string, unknown>;
  const faults = faultsIn(config, SETTINGS, []);
  if (faults.length > 0) return faults;
  const { situations = {}, hooks = {}, capabilities = [], headers = {}, also = [] } = config;
  const { second_model = {} } = config;
  for (const [name, text] of Object.entries(headers as object)) {
    if (typeof text !== "string")
      faults.push({ path: ["headers", name], message: `headers.${name} must be a text` });
  }
  return [
    ...faults,
    ...situationFaults(situations as object),
    ...alsoFaults(also as unknown[]),
    ...faultsIn(second_model as object, SECOND_SETTINGS, ["second_model"]),
    ...capabilityFaults(capabilities as unknown[]),
    ...hookFaults(hooks as object),
  ];
}

/** What is wrong with a configuration, as sentences; none if it can be used as a TargetConfig. */
export function configFaults(value: unknown): readonly string[] {
  return faultsOf(value).map(({ message }) => message);
}
