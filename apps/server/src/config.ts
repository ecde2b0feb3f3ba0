import path from "node:path";
import { parseArgs } from "node:util";

import { z, type ZodTypeAny } from "zod";

import { readS3Address } from "./files/s3/address.ts";
import { defaultOf, type Setting, type SettingName, SETTINGS, variableOf } from "./settings.ts";

/** What a request may bring. */
export interface Limits {
  readonly maxImageBytes: number;
  readonly maxPixels: number;
  readonly maxParamsBytes: number;
  readonly maxParamsDepth: number;
  readonly maxPending: number;
  readonly maxUploads: number;
}

const ROLES = ["all", "api", "worker"] as const;
/** What a node does: everything, answer requests, or run models. */
export type Role = (typeof ROLES)[number];

/** Where nodes meet. */
export interface Shared {
  readonly databaseUrl: string;
  readonly queueUrl: string;
  /** Null where one node has its files for itself. */
  readonly filesUrl: string | null;
}

/** What the server runs with, checked. Times in milliseconds. */
export interface Config {
  readonly role: Role;
  /** Null for a node that has everything for itself. */
  readonly shared: Shared | null;
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly workspaceDir: string;
  /** True where somebody chose a directory for meshes. */
  readonly hasOwnWorkspace: boolean;
  readonly workers: number;
  readonly defaultModel: string;
  readonly token: string | null;
  readonly allowedOrigins: readonly string[];
  readonly allowedHosts: readonly string[];
  readonly limits: Limits;
  readonly maxConnections: number;
  readonly requestTimeoutMs: number;
  readonly maxAttempts: number;
  readonly watchdogs: { readonly stallMs: number; readonly totalMs: number };
  /** When runs that have ended are retired; null: never for this reason. */
  readonly retention: {
    readonly keepMs: number | null;
    readonly keepBytes: number | null;
    readonly readMs: number;
  };
  readonly stopGraceMs: number;
  readonly modly: {
    readonly url: string;
    readonly token?: string;
    readonly times: { readonly away: number; readonly quiet: number };
    readonly passThrough: boolean;
    readonly maxMeshBytes: number;
  } | null;
  readonly extensions: {
    readonly extensionsDir: string;
    readonly modelsDir: string;
    readonly python: string;
    readonly room: {
      readonly devices: readonly (string | null)[];
      readonly loaded: number;
      readonly atOnce: number;
    };
    readonly preload: readonly string[];
    readonly download: boolean;
    readonly times: { readonly idle: number; readonly load: number };
  } | null;
  readonly builtin: boolean;
  /** ONNX files for the built-in generators. */
  readonly networks: { readonly mask: string | null; readonly depth: string | null };
  readonly open: boolean;
  readonly testModels: boolean;
  readonly logLevel: string;
}

export type ConfigResult =
  | { readonly kind: "config"; readonly config: Config }
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "refused"; readonly why: string };

/** Milliseconds, and bytes. */
const DURATIONS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const SIZES: Record<string, number> = {
  b: 1,
  ...{ kib: 1024, mib: 1024 ** 2, gib: 1024 ** 3, tib: 1024 ** 4 },
  ...{ kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 },
};

/** A whole number and one of these units, as one number. */
function measured(units: Record<string, number>, otherwise: string): ZodTypeAny {
  return z.string().transform((text, context) => {
    const [, number = "", unit = ""] = /^\s*(\d{1,9})\s*([a-z]+)\s*$/i.exec(text) ?? [];
    const factor = Object.hasOwn(units, unit.toLowerCase()) ? units[unit.toLowerCase()]! : 0;
    const value = Number(number) * factor;
    if (value > 0) return value;
    context.addIssue({ code: "custom", message: otherwise });
    return z.NEVER;
  });
}

const schemaOf: Record<Setting["type"], (setting: Setting) => ZodTypeAny> = {
  text: () => z.string().trim().min(1, "must not be empty"),
  list: () => z.array(z.string().trim().min(1)),
  flag: () => z.boolean({ message: "must be on or off" }),
  duration: () => measured(DURATIONS, "must be a time such as 30d, 12h, 45m or 90s"),
  size: () => measured(SIZES, "must be a size such as 500MiB or 20GiB"),
  number: (setting) => {
    if (setting.type !== "number") throw new Error("not a number");
    const { min, max } = setting;
    const range = `must be a number from ${min} to ${max}`;
    return z
      .union([z.number(), z.string().trim().regex(/^\d+$/, range)])
      .transform(Number)
      .pipe(z.number().int(range).min(min, range).max(max, range));
  },
};

const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"];

export function isLoopbackAddress(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

/** What people write for yes and no. */
const SWITCHES: Record<string, boolean> = {
  ...Object.fromEntries(
    ["1", "true", "t", "yes", "y", "on", "enabled"].map((word) => [word, true]),
  ),
  ...Object.fromEntries(
    ["", "0", "false", "f", "no", "n", "off", "disabled"].map((word) => [word, false]),
  ),
};

function fromVariable(setting: Setting, text: string): unknown {
  const word = text.trim().toLowerCase();
  if (setting.type === "list") return word === "" ? [] : text.split(",");
  if (setting.type === "flag") return Object.hasOwn(SWITCHES, word) ? SWITCHES[word] : text;
  return text;
}

/** Visible ASCII: anything else can't be sent in a header. */
const TOKEN = /^[\x21-\x7e]+$/;

const isAddress = (text: string, protocol: RegExp) =>
  URL.canParse(text) && protocol.test(new URL(text).protocol);

/** What is wrong with settings that are texts of a certain kind; undefined when nothing is. */
const FAULTS: Partial<Record<SettingName, (text: string) => string | undefined>> = {
  token: (text) =>
    TOKEN.test(text)
      ? undefined
      : "must be letters, digits and signs of ASCII without spaces: it is sent in a header",
  "modly-token": (text) => FAULTS.token?.(text),
  role: (text) =>
    ROLES.some((role) => role === text) ? undefined : `must be one of ${ROLES.join(", ")}`,
  "database-url": (text) =>
    isAddress(text, /^postgres(?:ql)?:$/)
      ? undefined
      : "must be the address of a PostgreSQL, such as postgres://user:password@host:5432/database",
  "queue-url": (text) =>
    isAddress(text, /^(?:rediss?|postgres(?:ql)?):$/)
      ? undefined
      : "must be the address of a Redis, a Valkey or a PostgreSQL, such as redis://host:6379/0",
  "files-url": (text) => {
    if (!/^[a-z][a-z\d+.-]+:/i.test(text) || text.startsWith("file:///")) return undefined;
    if (!text.startsWith("s3:"))
      return "must be a directory that all nodes share, or a bucket such as s3://bucket/prefix";
    const address = readS3Address(text);
    return typeof address === "string" ? address : undefined;
  },
  "allow-origin": (text) =>
    URL.canParse(text) && new URL(text).origin === text.toLowerCase()
      ? undefined
      : "must be an origin, as a browser sends it: scheme, host and port, such as https://its.origin, with nothing behind it",
  "allow-host": (text) =>
    /^[\w.-]+$|^\[?[\da-f:]+\]?$/i.test(text)
      ? undefined
      : "must be a host name alone, such as runs.example, without scheme, port or path",
};

/** The first thing that is wrong with a checked value, as a sentence. */
function faultOf(name: SettingName, value: unknown): string | undefined {
  const texts: unknown[] = Array.isArray(value) ? value : [value];
  return texts.map((text) => FAULTS[name]?.(String(text))).find((fault) => fault !== undefined);
}

/** Reads flags and environment, and checks them against the table. */
export function readConfig(args: readonly string[], env: NodeJS.ProcessEnv): ConfigResult {
  const refused = (why: string): ConfigResult => ({ kind: "refused", why });
  const names = Object.keys(SETTINGS) as SettingName[];
  const options = Object.fromEntries(
    names.map((name) => [
      name,
      {
        type: SETTINGS[name].type === "flag" ? ("boolean" as const) : ("string" as const),
        multiple: SETTINGS[name].type === "list",
      },
    ]),
  );
  let flags: Record<string, unknown>;
  try {
    const known = { ...options, help: { type: "boolean" }, version: { type: "boolean" } } as const;
    flags = parseArgs({ args: [...args], options: known, strict: true }).values;
  } catch (cause) {
    return refused(`${(cause as Error).message.split(". ")[0]}. --help lists the options.`);
  }
  if (flags["help"]) return { kind: "help" };
  if (flags["version"]) return { kind: "version" };

  const values: Record<string, unknown> = {};
  for (const name of names) {
    const setting: Setting = SETTINGS[name];
    const variable = env[variableOf(name)];
    const given =
      flags[name] ??
      (variable === undefined ? undefined : fromVariable(setting, variable)) ??
      defaultOf(setting, env) ??
      (setting.type === "flag" ? false : setting.type === "list" ? [] : undefined);
    if (given === undefined) continue;
    const checked = schemaOf[setting.type](setting).safeParse(given);
    if (!checked.success) return refused(`--${name} ${checked.error.issues[0]?.message}.`);
    const fault = faultOf(name, checked.data);
    if (fault) return refused(`--${name} ${fault}.`);
    values[name] = checked.data;
  }
  const text = (name: SettingName) => (values[name] as string | undefined) ?? null;
  const file = (name: SettingName) => {
    const given = text(name);
    return given === null ? null : path.resolve(given);
  };
  const number = (name: SettingName) => values[name] as number;
  const list = (name: SettingName) => values[name] as string[];

  const host = text("host")!;
  const token = text("token");
  if (!isLoopbackAddress(host) && token === null && !values["insecure-no-token"])
    return refused(
      `--host ${host} can be reached by others, so it needs a token: set MODLY_RUNS_TOKEN. (--insecure-no-token does without.)`,
    );
  const logLevel = text("log-level")!;
  if (!LOG_LEVELS.includes(logLevel))
    return refused(`--log-level must be one of ${LOG_LEVELS.join(", ")}.`);
  const modlyUrl = text("modly-url");
  const modlyToken = text("modly-token");
  if (
    modlyUrl !== null &&
    !/^https?:$/.test(URL.canParse(modlyUrl) ? new URL(modlyUrl).protocol : "")
  )
    return refused("--modly-url must be an http address, such as http://127.0.0.1:8765.");

  const extensionsDir = text("extensions-dir");
  const devices = list("extension-device");
  if (number("extensions-at-once") > number("extensions-loaded"))
    return refused(
      `--extensions-at-once ${number("extensions-at-once")} needs as many models in memory: set --extensions-loaded too.`,
    );

  const role = text("role") as Role;
  const databaseUrl = text("database-url");
  const filesUrl = text("files-url");
  if (databaseUrl === null) {
    const alone = (["queue-url", "files-url"] as const).find((name) => text(name) !== null);
    if (alone) return refused(`--${alone} is for several nodes: set --database-url too.`);
    if (role !== "all")
      return refused(`--role ${role} is for one of several nodes: set --database-url too.`);
  } else if (role !== "all" && filesUrl === null) {
    return refused(
      `--role ${role} needs --files-url: the others must find the same pictures and meshes.`,
    );
  }

  const dataDir = path.resolve(text("data-dir")!);
  return {
    kind: "config",
    config: {
      role,
      shared:
        databaseUrl === null
          ? null
          : { databaseUrl, queueUrl: text("queue-url") ?? databaseUrl, filesUrl },
      host,
      port: number("port"),
      dataDir,
      workspaceDir: path.resolve(text("workspace-dir") ?? path.join(dataDir, "workspace")),
      hasOwnWorkspace: text("workspace-dir") !== null,
      workers: number("workers"),
      defaultModel: text("default-model")!,
      token,
      allowedOrigins: list("allow-origin"),
      allowedHosts: list("allow-host"),
      limits: {
        maxImageBytes: number("max-image-mib") * 1024 ** 2,
        maxPixels: number("max-megapixels") * 1e6,
        maxParamsBytes: number("max-params-kib") * 1024,
        maxParamsDepth: number("max-params-depth"),
        maxPending: number("max-pending"),
        maxUploads: number("max-uploads"),
      },
      maxConnections: number("max-connections"),
      requestTimeoutMs: number("request-timeout") * 1000,
      maxAttempts: number("max-attempts"),
      watchdogs: { stallMs: number("stall-timeout") * 1000, totalMs: number("run-timeout") * 1000 },
      retention: {
        keepMs: number("keep-runs") ?? null,
        keepBytes: number("keep-bytes") ?? null,
        readMs: number("keep-read"),
      },
      stopGraceMs: number("stop-grace") * 1000,
      modly:
        modlyUrl === null
          ? null
          : {
              url: modlyUrl,
              ...(modlyToken === null ? {} : { token: modlyToken }),
              times: { away: number("modly-patience") * 1000, quiet: number("modly-quiet") * 1000 },
              maxMeshBytes: number("modly-max-mesh-mib") * 1024 ** 2,
              passThrough: values["modly-runs-only"] !== true,
            },
      extensions:
        extensionsDir === null
          ? null
          : {
              extensionsDir: path.resolve(extensionsDir),
              modelsDir: path.resolve(text("models-dir") ?? path.join(dataDir, "models")),
              python: text("extension-python")!,
              room: {
                devices: devices.length > 0 ? devices : [null],
                loaded: number("extensions-loaded"),
                atOnce: number("extensions-at-once"),
              },
              preload: list("preload"),
              download: values["extension-download"] === true,
              times: {
                idle: number("extension-idle") * 1000,
                load: number("extension-load-timeout") * 1000,
              },
            },
      builtin: values["without-builtin"] !== true,
      networks: { mask: file("mask-model"), depth: file("depth-model") },
      open: values["open"] === true,
      testModels: values["test-models"] === true,
      logLevel,
    },
  };
}
