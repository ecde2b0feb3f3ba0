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
  return path.join(base, "modly-runs");
}

interface Text {
  readonly type: "text" | "list";
  readonly default?: string | ((env: NodeJS.ProcessEnv) => string | undefined);
}
interface Numeric {
  readonly type: "number";
  readonly default: number;
  readonly min: number;
  readonly max: number;
}
/** A number with a unit, such as 30d or 10GiB; without a default it is off. */
interface Measured {
  readonly type: "duration" | "size";
  readonly default?: string;
}
interface Flag {
  readonly type: "flag";
}

/** A setting: its flag is `--name`, its variable `MODLY_RUNS_NAME`. */
export type Setting = { readonly help: string; readonly value?: string } & (
  | Text
  | Numeric
  | Measured
  | Flag
);

/** Every setting there is. The parser, `--help` and the documentation are made from it. */
export const SETTINGS = {
  host: { type: "text", default: "127.0.0.1", value: "ADDRESS", help: "Address to listen on" },
  port: {
    type: "number",
    default: 8765,
    min: 0,
    max: 65535,
    value: "N",
    help: "Port to listen on; 0 picks a free one",
  },
  "data-dir": {
    type: "text",
    default: defaultDataDir,
    value: "DIR",
    help: "Where runs and uploads are kept",
  },
  "workspace-dir": {
    type: "text",
    value: "DIR",
    help: "Where meshes are published (default: workspace in the data directory)",
  },
  role: {
    type: "text",
    default: "all",
    value: "ROLE",
    help: "What this node does: all, api (answers requests) or worker (runs models)",
  },
  "database-url": {
    type: "text",
    value: "URL",
    help: "Keep runs in this PostgreSQL, for as many nodes as there are (default: a file in the data directory)",
  },
  "queue-url": {
    type: "text",
    value: "URL",
    help: "Keep the queue in this Redis, Valkey or PostgreSQL (default: where --database-url says)",
  },
  "files-url": {
    type: "text",
    value: "URL",
    help: "Where all nodes find pictures and meshes: a directory that they share, or s3://bucket/prefix",
  },
  workers: {
    type: "number",
    default: Math.max(1, availableParallelism()),
    min: 1,
    max: 64,
    value: "N",
    help: "Runs of the built-in generators at once",
  },
  "without-builtin": {
    type: "flag",
    help: "Offer none of the built-in generators",
  },
  "default-model": {
    type: "text",
    default: "builtin/auto",
    value: "ID",
    help: "The model that /model/status names",
  },
  token: {
    type: "text",
    value: "TEXT",
    help: "Ask every request for this token (better set by MODLY_RUNS_TOKEN)",
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
  "insecure-no-token": {
    type: "flag",
    help: "Listen beyond this machine without a token. Anybody who reaches it can use it",
  },
  "max-image-mib": {
    type: "number",
    default: 64,
    min: 1,
    max: 4096,
    value: "N",
    help: "Largest picture, MiB",
  },
  "max-megapixels": {
    type: "number",
    default: 100,
    min: 1,
    max: 2000,
    value: "N",
    help: "Largest picture, million pixels",
  },
  "max-params-kib": {
    type: "number",
    default: 256,
    min: 1,
    max: 16384,
    value: "N",
    help: "Largest params, KiB",
  },
  "max-params-depth": {
    type: "number",
    default: 64,
    min: 1,
    max: 1000,
    value: "N",
    help: "Deepest nesting in params",
  },
  "max-pending": {
    type: "number",
    default: 1000,
    min: 1,
    max: 1_000_000,
    value: "N",
    help: "Runs that may wait; more are refused",
  },
  "max-uploads": {
    type: "number",
    default: 32,
    min: 1,
    max: 10_000,
    value: "N",
    help: "Uploads under way at once; more are refused",
  },
  "max-connections": {
    type: "number",
    default: 1024,
    min: 8,
    max: 65535,
    value: "N",
    help: "Connections at once",
  },
  "request-timeout": {
    type: "number",
    default: 300,
    min: 1,
    max: 86_400,
    value: "S",
    help: "Seconds a request may take to arrive",
  },
  "max-attempts": {
    type: "number",
    default: 2,
    min: 1,
    max: 100,
    value: "N",
    help: "How often a run is begun when the server dies under it",
  },
  "stall-timeout": {
    type: "number",
    default: 600,
    min: 1,
    max: 604_800,
    value: "S",
    help: "Seconds without progress after which a run is ended",
  },
  "run-timeout": {
    type: "number",
    default: 7200,
    min: 1,
    max: 604_800,
    value: "S",
    help: "Seconds a run may take in all",
  },
  "keep-runs": {
    type: "duration",
    value: "TIME",
    help: "Retire runs with their meshes so long after their end: 30d, 12h, 45m, 90s (default: never)",
  },
  "keep-bytes": {
    type: "size",
    value: "SIZE",
    help: "Retire the runs that ended first when meshes take more: 500MiB, 20GiB (default: never)",
  },
  "keep-read": {
    type: "duration",
    default: "5m",
    value: "TIME",
    help: "No run is retired that was read so recently",
  },
  "stop-grace": {
    type: "number",
    default: 10,
    min: 0,
    max: 3600,
    value: "S",
    help: "Seconds a stop waits for generators and answers",
  },
  "modly-url": {
    type: "text",
    value: "URL",
    help: "Offer the models of the Modly that runs there too",
  },
  "modly-token": {
    type: "text",
    value: "TEXT",
    help: "The token that Modly asks for (better set by MODLY_RUNS_MODLY_TOKEN)",
  },
  "modly-patience": {
    type: "number",
    default: 120,
    min: 1,
    max: 86_400,
    value: "S",
    help: "Seconds a run waits for a Modly that is away",
  },
  "modly-quiet": {
    type: "number",
    default: 60,
    min: 0,
    max: 86_400,
    value: "S",
    help: "Seconds without a submission after Modly's answer to one was lost",
  },
  "modly-max-mesh-mib": {
    type: "number",
    default: 1024,
    min: 1,
    max: 65_536,
    value: "N",
    help: "Largest mesh that is fetched from Modly, MiB",
  },
  "modly-runs-only": {
    type: "flag",
    help: "Let nothing through to Modly: no /extensions, /settings, /model/switch",
  },
  "mask-model": {
    type: "text",
    value: "FILE",
    help: "An ONNX file that sees the object of a photograph, for the built-in generators",
  },
  "depth-model": {
    type: "text",
    value: "FILE",
    help: "An ONNX file that sees how near things are, for builtin/relief",
  },
  "extensions-dir": {
    type: "text",
    value: "DIR",
    help: "Offer the models of the Modly extensions in this directory too",
  },
  "models-dir": {
    type: "text",
    value: "DIR",
    help: "Where extensions have their weights (default: models in the data directory)",
  },
  "extension-python": {
    type: "text",
    default: process.platform === "win32" ? "python" : "python3",
    value: "PROGRAM",
    help: "The Python of extensions that have no venv",
  },
  "extension-device": {
    type: "list",
    value: "GPU",
    help: "A GPU for extensions, as CUDA_VISIBLE_DEVICES has it; may be repeated, each works by itself",
  },
  "extensions-loaded": {
    type: "number",
    default: 1,
    min: 1,
    max: 64,
    value: "N",
    help: "Models of extensions in the memory of one GPU",
  },
  "extensions-at-once": {
    type: "number",
    default: 1,
    min: 1,
    max: 64,
    value: "N",
    help: "Runs of extensions at once on one GPU; not more than are loaded",
  },
  "extension-idle": {
    type: "number",
    default: 600,
    min: 0,
    max: 604_800,
    value: "S",
    help: "Seconds after which a model that nobody uses leaves memory; 0 keeps it",
  },
  "extension-load-timeout": {
    type: "number",
    default: 1800,
    min: 1,
    max: 604_800,
    value: "S",
    help: "Seconds a model may take to load",
  },
  "extension-download": {
    type: "flag",
    help: "Let extensions fetch weights that are missing",
  },
  preload: {
    type: "list",
    value: "ID",
    help: "A model of an extension to load at the start; may be repeated",
  },
  open: { type: "flag", help: "Open the page in a browser once the server listens" },
  "test-models": {
    type: "flag",
    help: "Offer test/steps, test/fail, test/fingerprint and test/sphere, for tests and conformance",
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
export function variableOf(name: string): string {
  return `MODLY_RUNS_${name.replaceAll("-", "_").toUpperCase()}`;
}

/** What a setting is without a flag or a variable, or undefined for none. */
export function defaultOf(setting: Setting, env: NodeJS.ProcessEnv): string | number | undefined {
  if (setting.type === "flag") return undefined;
  return typeof setting.default === "function" ? setting.default(env) : setting.default;
}

/** The text of `--help`. */
export function helpText(env: NodeJS.ProcessEnv): string {
  const rows = (Object.entries(SETTINGS) as [string, Setting][]).map(([name, setting]) => {
    const standard = defaultOf(setting, env);
    return [
      `  --${name}${setting.value ? ` ${setting.value}` : ""}`,
      setting.help + (standard === undefined ? "" : ` (default: ${standard})`),
    ] as const;
  });
  rows.push(["  --version", "Print the version"], ["  --help", "Print this"]);
  const width = Math.max(...rows.map(([flag]) => flag.length)) + 2;
  return [
    "Usage: modly-runs-server [options]",
    "       modly-runs-server prune --dry-run [options]   which runs would be retired now",
    "",
    "Turns pictures into meshes over HTTP: POST /workflow-runs/from-image and two more.",
    "",
    ...rows.map(([flag, help]) => flag.padEnd(width) + help),
    "",
    "Every option can be set by a variable too: --max-pending is MODLY_RUNS_MAX_PENDING. A flag wins.",
    "",
  ].join("\n");
}
