import { availableParallelism, homedir } from "node:os";
import path from "node:path";

/** Where a program keeps its data on this system, when nobody says otherwise. */
function defaultDataDir(env: NodeJS.ProcessEnv): string {
  const base =
    process.platform === "win32"
      ? (env["LOCALAPPDATA"] ?? path.join(homedir(), "AppData", "Local"))
      : process.platform === "darwin"
        ? path.join(homedir(), "Library", "Application Support")
        : (env["XDG_DATA_HOME"] ?? path.join(homedir(), ".local", "share"));
  return path.join(base, "modly-runs-workflows");
}

interface Text {
  readonly type: "text";
  readonly default?: string | ((env: NodeJS.ProcessEnv) => string);
}
interface List {
  readonly type: "list";
  readonly default?: readonly string[];
}
interface Numeric {
  readonly type: "number";
  readonly default: number;
  readonly min: number;
  readonly max: number;
}
interface Flag {
  readonly type: "flag";
}

/** A setting: its flag is `--name`, its variable `MODLY_WORKFLOWS_NAME`. */
export type Setting = { readonly help: string; readonly value?: string } & (
  | Text
  | List
  | Numeric
  | Flag
);

/** Every setting there is. The parser and `--help` are made from it. */
export const SETTINGS = {
  host: { type: "text", default: "127.0.0.1", value: "ADDRESS", help: "Address to listen on" },
  port: {
    type: "number",
    default: 8766,
    min: 0,
    max: 65535,
    value: "N",
    help: "Port to listen on; 0 picks a free one",
  },
  "data-dir": {
    type: "text",
    default: defaultDataDir,
    value: "DIR",
    help: "Where workflows and their files are kept",
  },
  "database-url": {
    type: "text",
    value: "URL",
    help: "Keep workflows in this PostgreSQL, for as many services as there are; all of them need the same --data-dir for the files (default: a file in it)",
  },
  "queue-url": {
    type: "text",
    value: "URL",
    help: "Keep the queue of services that share a database in this Redis, Valkey or PostgreSQL (default: where --database-url says)",
  },
  server: {
    type: "list",
    default: ["main=http://127.0.0.1:8765"],
    value: "NAME=URL",
    help: "A server of the contract that steps may use; may be repeated, the first is taken where none is said",
  },
  "server-token": {
    type: "list",
    value: "NAME=TEXT",
    help: "The token that a server asks for; may be repeated (better set by the variable)",
  },
  "server-patience": {
    type: "number",
    default: 60,
    min: 1,
    max: 86_400,
    value: "S",
    help: "Seconds that a server may be away in the middle of a step",
  },
  "retry-pause": {
    type: "number",
    default: 1,
    min: 0,
    max: 3600,
    value: "S",
    help: "Seconds before the second try of a step; twice as long before each next one",
  },
  workers: {
    type: "number",
    default: Math.max(1, Math.min(4, availableParallelism())),
    min: 1,
    max: 64,
    value: "N",
    help: "Processes that do the steps",
  },
  "worker-memory-mib": {
    type: "number",
    default: 2048,
    min: 200,
    max: 1_048_576,
    value: "N",
    help: "Memory that one of them may take, MiB; one that takes more is replaced",
  },
  "worker-busy": {
    type: "number",
    default: 300,
    min: 1,
    max: 86_400,
    value: "S",
    help: "Seconds that one of them may compute without a pause; one that takes longer is replaced",
  },
  "at-once": {
    type: "number",
    default: 16,
    min: 1,
    max: 1000,
    value: "N",
    help: "Workflows at once; the others wait",
  },
  "max-workflows": {
    type: "number",
    default: 1000,
    min: 1,
    max: 1_000_000,
    value: "N",
    help: "Workflows that may run or wait; more are refused",
  },
  "max-body-mib": {
    type: "number",
    default: 64,
    min: 1,
    max: 1024,
    value: "N",
    help: "Largest body of a request, MiB",
  },
  "max-file-mib": {
    type: "number",
    default: 64,
    min: 1,
    max: 4096,
    value: "N",
    help: "Largest file that is fetched from an address, MiB",
  },
  "allow-network": {
    type: "list",
    value: "CIDR",
    help: "A private network that files, SEND and webhooks may reach, such as 10.0.0.0/8; may be repeated (default: public addresses only)",
  },
  token: {
    type: "text",
    value: "TEXT",
    help: "Ask every request for this token (better set by the variable)",
  },
  "jwt-secret": {
    type: "text",
    value: "TEXT",
    help: "Take tokens that are signed with it, HS256; at least 32 bytes (better set by the variable)",
  },
  "jwks-url": {
    type: "text",
    value: "URL",
    help: "Take tokens that are signed with the keys found there",
  },
  "jwt-issuer": { type: "text", value: "TEXT", help: "Who must have made a token (iss)" },
  "jwt-audience": { type: "text", value: "TEXT", help: "Whom a token must be for (aud)" },
  "tenant-claim": {
    type: "text",
    default: "tenant",
    value: "NAME",
    help: "The claim of a token that names its tenant; a.b for a claim within one",
  },
  "insecure-no-token": {
    type: "flag",
    help: "Listen beyond this machine without a token. Anybody who reaches it can use it",
  },
  "allow-origin": {
    type: "list",
    value: "ORIGIN",
    help: "A web origin whose pages may call; may be repeated",
  },
  "allow-host": {
    type: "list",
    value: "NAME",
    help: "A host name that leads here, as a proxy passes it on; may be repeated",
  },
  "webhook-secret": {
    type: "text",
    value: "whsec_…",
    help: "What webhooks are signed with: whsec_ and base64 of 24 to 64 bytes; without it there are none (better set by the variable)",
  },
  "webhook-tries": {
    type: "number",
    default: 10,
    min: 1,
    max: 100,
    value: "N",
    help: "How often a webhook is tried",
  },
  "webhook-pause": {
    type: "number",
    default: 5,
    min: 0,
    max: 3600,
    value: "S",
    help: "Seconds before its second try; twice as long before each next one, at most an hour",
  },
  "stop-grace": {
    type: "number",
    default: 10,
    min: 0,
    max: 3600,
    value: "S",
    help: "Seconds a stop waits for what is under way",
  },
  "log-level": {
    type: "text",
    default: "info",
    value: "LEVEL",
    help: "debug, info, warn, error or silent; the log goes to stderr",
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;

/** The environment variable of a setting. */
export const variableOf = (name: string): string =>
  `MODLY_WORKFLOWS_${name.replaceAll("-", "_").toUpperCase()}`;

/** What a setting is without a flag or a variable. */
export function defaultOf(
  setting: Setting,
  env: NodeJS.ProcessEnv,
): string | number | boolean | readonly string[] | undefined {
  if (setting.type === "flag") return false;
  if (setting.type === "list") return setting.default ?? [];
  return typeof setting.default === "function" ? setting.default(env) : setting.default;
}

/** The text of `--help`. */
export function helpText(env: NodeJS.ProcessEnv): string {
  const rows = (Object.entries(SETTINGS) as [string, Setting][]).map(([name, setting]) => {
    const standard = defaultOf(setting, env);
    const told = standard === undefined || standard === false ? "" : [standard].flat().join(", ");
    return [
      `  --${name}${setting.value ? ` ${setting.value}` : ""}`,
      setting.help + (told === "" ? "" : ` (default: ${told})`),
    ] as const;
  });
  rows.push(["  --version", "Print the version"], ["  --help", "Print this"]);
  const width = Math.max(...rows.map(([flag]) => flag.length)) + 2;
  return [
    "Usage: modly-runs-workflows [options]",
    "",
    "Chained steps as a service, in front of servers of the contract: POST /api/v1/workflows/.",
    "",
    ...rows.map(([flag, help]) => flag.padEnd(width) + help),
    "",
    "Every option can be set by a variable too: --max-workflows is MODLY_WORKFLOWS_MAX_WORKFLOWS. A flag wins.",
    "",
  ].join("\n");
}
