import path from "node:path";
import { parseArgs } from "node:util";

import { isNetwork } from "@modly-runs/flows/outbound";

import type { Provider } from "./crew/messages.ts";
import { isLoopback } from "./http/guard.ts";
import type { Identities } from "./http/identity.ts";
import { defaultOf, type Setting, type SettingName, SETTINGS, variableOf } from "./settings.ts";
import { secretBytes } from "./webhooks/sign.ts";

/** What the service runs with, checked. Times in milliseconds. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  /** What several services share; null where there is one. */
  readonly shared: { readonly databaseUrl: string; readonly queueUrl: string } | null;
  readonly providers: readonly Provider[];
  readonly serverPatienceMs: number;
  readonly retryPauseMs: number;
  readonly workers: number;
  readonly workerMemoryBytes: number;
  readonly workerBusyMs: number;
  readonly atOnce: number;
  readonly maxWorkflows: number;
  readonly maxBodyBytes: number;
  readonly maxFileBytes: number;
  readonly networks: readonly string[];
  readonly identities: Identities;
  readonly allowedOrigins: readonly string[];
  readonly allowedHosts: readonly string[];
  readonly webhooks: {
    readonly secret: Buffer;
    readonly tries: number;
    readonly pauseMs: number;
  } | null;
  readonly stopGraceMs: number;
  readonly logLevel: string;
}

export type ConfigResult =
  | { readonly kind: "config"; readonly config: Config }
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "refused"; readonly why: string };

const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"];
/** A shorter key than its digest can be guessed (RFC 7518, 3.2). */
const SHORTEST_SECRET = 32;

const isAddress = (text: string, protocol: RegExp) =>
  URL.canParse(text) && protocol.test(new URL(text).protocol);
const isWeb = (text: string) => isAddress(text, /^https?:$/);

/** What is wrong with one text of a setting; undefined when nothing is. */
const FAULTS: Partial<Record<SettingName, (text: string) => string | undefined>> = {
  token: (text) =>
    /^[\x21-\x7e]+$/.test(text)
      ? undefined
      : "must be letters, digits and signs of ASCII without spaces: it is sent in a header",
  "database-url": (text) =>
    isAddress(text, /^postgres(?:ql)?:$/)
      ? undefined
      : "must be the address of a PostgreSQL, such as postgres://user:password@host:5432/database",
  "queue-url": (text) =>
    isAddress(text, /^(?:rediss?|postgres(?:ql)?):$/)
      ? undefined
      : "must be the address of a Redis, a Valkey or a PostgreSQL, such as redis://host:6379/0",
  "jwt-secret": (text) =>
    Buffer.byteLength(text) >= SHORTEST_SECRET
      ? undefined
      : `must have at least ${SHORTEST_SECRET} bytes`,
  "jwks-url": (text) =>
    isWeb(text)
      ? undefined
      : "must be an address, such as https://its.example/.well-known/jwks.json",
  "allow-network": (text) =>
    isNetwork(text) ? undefined : "must be a network, such as 10.0.0.0/8 or fd00::/8",
  "allow-origin": (text) =>
    URL.canParse(text) && new URL(text).origin === text.toLowerCase()
      ? undefined
      : "must be an origin, as a browser sends it: scheme, host and port, such as https://its.origin",
  "allow-host": (text) =>
    /^[\w.-]+$|^\[?[\da-f:]+\]?$/i.test(text)
      ? undefined
      : "must be a host name alone, such as flows.example, without scheme, port or path",
  server: (text) => {
    const [name, url] = pairOf(text);
    return /^[A-Za-z][\w-]{0,63}$/.test(name) && isWeb(url)
      ? undefined
      : "must be a name and an address, such as main=http://127.0.0.1:8765";
  },
  "server-token": (text) =>
    pairOf(text).every((part) => part !== "")
      ? undefined
      : "must be a name and a token, name=token",
  "webhook-secret": (text) =>
    secretBytes(text) ? undefined : "must be whsec_ and base64 of 24 to 64 bytes",
  "log-level": (text) =>
    LOG_LEVELS.includes(text) ? undefined : `must be one of ${LOG_LEVELS.join(", ")}`,
};

function pairOf(text: string): [string, string] {
  const at = text.indexOf("=");
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

type Values = Readonly<
  Record<SettingName, string | number | boolean | readonly string[] | undefined>
>;

/** Reads flags and environment, and checks them against the table. */
export function readConfig(args: readonly string[], env: NodeJS.ProcessEnv): ConfigResult {
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
  const values: Partial<Record<SettingName, Values[SettingName]>> = {};
  for (const name of names) {
    const variable = env[variableOf(name)];
    const given =
      flags[name] ?? (variable === undefined ? undefined : fromVariable(SETTINGS[name], variable));
    const checked = checkedValue(name, given ?? defaultOf(SETTINGS[name], env));
    if ("fault" in checked) return refused(`--${name} ${checked.fault}.`);
    values[name] = checked.value;
  }
  return configOf(values as Values);
}

const refused = (why: string): ConfigResult => ({ kind: "refused", why });

function fromVariable(setting: Setting, text: string): unknown {
  if (setting.type === "list")
    return text.trim() === "" ? [] : text.split(",").map((one) => one.trim());
  if (setting.type === "flag") return /^(1|true|yes|on)$/i.test(text.trim());
  return text;
}

function checkedValue(
  name: SettingName,
  given: unknown,
): { value: Values[SettingName] } | { fault: string } {
  const setting: Setting = SETTINGS[name];
  if (given === undefined) return { value: undefined };
  if (setting.type === "flag") return { value: given === true };
  if (setting.type === "number") {
    const text = typeof given === "string" ? given.trim() : given;
    const value = typeof text === "string" && !/^\d+$/.test(text) ? Number.NaN : Number(text);
    return value >= setting.min && value <= setting.max
      ? { value }
      : { fault: `must be a number from ${setting.min} to ${setting.max}` };
  }
  const texts = setting.type === "list" ? (given as readonly string[]) : [(given as string).trim()];
  if (texts.includes("")) return { fault: "must not be empty" };
  const fault = texts.map((text) => FAULTS[name]?.(text)).find((one) => one !== undefined);
  if (fault !== undefined) return { fault };
  return { value: setting.type === "list" ? texts : texts[0] };
}

function configOf(values: Values): ConfigResult {
  const text = (name: SettingName) => (values[name] as string | undefined) ?? null;
  const number = (name: SettingName) => values[name] as number;
  const list = (name: SettingName) => values[name] as readonly string[];

  const host = text("host")!;
  const token = text("token");
  const secret = text("jwt-secret");
  const jwks = text("jwks-url");
  if (secret !== null && jwks !== null)
    return refused("--jwt-secret and --jwks-url are two ways to check a token: set one.");
  if (
    !isLoopback(host) &&
    token === null &&
    secret === null &&
    jwks === null &&
    values["insecure-no-token"] !== true
  )
    return refused(
      `--host ${host} can be reached by others, so it needs a token: set ${variableOf("token")}, --jwt-secret or --jwks-url. (--insecure-no-token does without.)`,
    );
  const tokens = new Map(list("server-token").map(pairOf));
  const providers = list("server").map((one): Provider => {
    const [name, url] = pairOf(one);
    return { name, url, token: tokens.get(name) ?? null };
  });
  const known = providers.map(({ name }) => name);
  if (known.length === 0) return refused("--server must name at least one server.");
  if (new Set(known).size < known.length)
    return refused("--server names two servers alike: each needs a name of its own.");
  const stray = [...tokens.keys()].find((name) => !known.includes(name));
  if (stray !== undefined)
    return refused(`--server-token is for ${stray}, and --server names ${known.join(", ")}.`);
  const webhookSecret = text("webhook-secret");
  const databaseUrl = text("database-url");
  const queueUrl = text("queue-url");
  if (queueUrl !== null && databaseUrl === null)
    return refused("--queue-url is for several services: set --database-url too.");
  return {
    kind: "config",
    config: {
      host,
      port: number("port"),
      dataDir: path.resolve(text("data-dir")!),
      shared: databaseUrl === null ? null : { databaseUrl, queueUrl: queueUrl ?? databaseUrl },
      providers,
      serverPatienceMs: number("server-patience") * 1000,
      retryPauseMs: number("retry-pause") * 1000,
      workers: number("workers"),
      workerMemoryBytes: number("worker-memory-mib") * 1024 ** 2,
      workerBusyMs: number("worker-busy") * 1000,
      atOnce: number("at-once"),
      maxWorkflows: number("max-workflows"),
      maxBodyBytes: number("max-body-mib") * 1024 ** 2,
      maxFileBytes: number("max-file-mib") * 1024 ** 2,
      networks: list("allow-network"),
      identities: {
        token,
        jwt:
          secret === null && jwks === null
            ? null
            : {
                key: secret === null ? { jwks: jwks! } : { secret },
                issuer: text("jwt-issuer"),
                audience: text("jwt-audience"),
                tenantClaim: text("tenant-claim")!,
              },
      },
      allowedOrigins: list("allow-origin"),
      allowedHosts: list("allow-host"),
      webhooks:
        webhookSecret === null
          ? null
          : {
              secret: secretBytes(webhookSecret)!,
              tries: number("webhook-tries"),
              pauseMs: number("webhook-pause") * 1000,
            },
      stopGraceMs: number("stop-grace") * 1000,
      logLevel: text("log-level")!,
    },
  };
}
