import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import readline from "node:readline";
import { fileURLToPath } from "node:url";

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/** What `node` is given to run the server: its sources, or what `pnpm build` made of them. */
const PROGRAM = {
  source: ["--import", "tsx", "--conditions=@modly-runs/source", here("../../src/main.ts")],
  dist: [here("../../dist/main.js")],
} as const;

/** The packages that a server is made of. */
const PARTS = ["../../", "../../../../packages/contract/", "../../../../packages/mesh/"].map(here);

/** True when what was built is younger than every source of it. */
function isBuilt(): boolean {
  return PARTS.every((part) => {
    const built = `${part}dist/tsconfig.tsbuildinfo`;
    if (!existsSync(built)) return false;
    const builtAt = statSync(built).mtimeMs;
    const all = readdirSync(`${part}src`, { recursive: true, withFileTypes: true });
    // Tests are not built.
    const sources = all.filter((each) => each.isFile() && !each.name.endsWith(".test.ts"));
    return sources.every(
      ({ parentPath, name }) => statSync(path.join(parentPath, name)).mtimeMs < builtAt,
    );
  });
}

/** A server that was built starts in a third of the time; without a build there is nothing to wait for. */
const USUAL: keyof typeof PROGRAM = isBuilt() ? "dist" : "source";

/** A bound against hangs, ms: a dozen may start at once on two busy cores. */
const START_MS = 120_000;

export interface ServerProcessOptions {
  readonly dataDir: string;
  /** Flags besides `--data-dir`; a free port and a silent log unless they say otherwise. */
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** What was built where that is up to date, unless said otherwise. */
  readonly from?: keyof typeof PROGRAM;
  /** A file descriptor for its stderr; nothing is collected then. */
  readonly stderr?: number;
}

/** A server as a process of its own. It dies with the process that started it. */
export interface ServerProcess {
  readonly pid: number;
  /** What it has written to stderr so far: its log, and why it would not start. */
  stderr(): string;
  /** Sends a signal and resolves when the process is gone. */
  kill(signal?: NodeJS.Signals): Promise<Exit>;
  readonly exited: Promise<Exit>;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ListeningServer extends ServerProcess {
  readonly url: string;
}

const alive = new Set<ChildProcess>();
process.on("exit", () => alive.forEach((child) => child.kill("SIGKILL")));

function flagsOf({ dataDir, args = [] }: ServerProcessOptions): string[] {
  const given = (name: string) => args.some((arg) => arg === name || arg.startsWith(`${name}=`));
  const usual = [
    ["--port", "0"],
    ["--log-level", "silent"],
  ] as const;
  return [
    `--data-dir=${dataDir}`,
    ...usual.flatMap(([name, value]) => (given(name) ? [] : [`${name}=${value}`])),
    ...args,
  ];
}

function spawnServer(options: ServerProcessOptions) {
  const { from = USUAL, env = {}, stderr = "pipe" } = options;
  const child = spawn(process.execPath, [...PROGRAM[from], ...flagsOf(options)], {
    stdio: ["ignore", "pipe", stderr],
    env: { ...process.env, ...env },
  });
  alive.add(child);
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const exited = once(child, "exit").then(([code, signal]): Exit => {
    alive.delete(child);
    return { code: code as Exit["code"], signal: signal as Exit["signal"] };
  });
  const server: ServerProcess = {
    pid: child.pid ?? -1,
    stderr: () => errors,
    exited,
    kill(signal = "SIGKILL") {
      child.kill(signal);
      return exited;
    },
  };
  // The streams end a little after the process.
  return { server, stdout: child.stdout!, closed: once(child, "close") };
}

/** Starts a server that is expected to give up, and waits for its end. */
export async function runServerProcess(
  options: ServerProcessOptions,
): Promise<Exit & { readonly stderr: string }> {
  const { server, stdout, closed } = spawnServer(options);
  stdout.resume();
  const late = setTimeout(() => void server.kill(), START_MS);
  const exit = await server.exited;
  clearTimeout(late);
  await closed;
  return { ...exit, stderr: server.stderr() };
}

/**
 * Starts a server and waits until it listens.
 *
 * @throws Error with what it wrote when it ends instead, or when it takes longer than two minutes
 */
export async function startServerProcess(options: ServerProcessOptions): Promise<ListeningServer> {
  const { server, stdout, closed } = spawnServer(options);
  const late = setTimeout(() => void server.kill(), START_MS);
  const listening = (async () => {
    for await (const line of readline.createInterface({ input: stdout })) {
      const [url] = /http:\/\/\S+:\d+/.exec(line) ?? [];
      if (url !== undefined) return url;
    }
    return undefined;
  })();
  const url = await Promise.race([listening, server.exited.then(() => undefined)]);
  clearTimeout(late);
  stdout.resume();
  if (url === undefined) {
    await server.kill();
    await closed;
    throw new Error(`the server did not start: ${server.stderr()}`);
  }
  return { ...server, url };
}
