import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { buffer, text } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";

import sharp from "sharp";

import { Problem, Workflow } from "../src/index.ts";

const root = path.resolve(import.meta.dirname, "../../..");
const SERVER = path.join(root, "apps/server/dist/main.js");
const SERVICE = path.join(root, "apps/workflows/dist/main.js");

/** Milliseconds after which what should come is taken for hanging. */
const PATIENCE = 300_000;
/** Reaches what tests start. */
export const LOCAL = ["--allow-network", "127.0.0.0/8"];

export interface Started {
  readonly url: string;
  readonly dir: string;
  readonly child: ChildProcess;
  /** All that it wrote to stderr. */
  said(): string;
  /** Ends it as its operator would. Gives its exit code. */
  stop(): Promise<number | null>;
  kill(): Promise<void>;
}

/** A directory that is gone after the test. */
export async function temporary(): Promise<{ dir: string; remove(): Promise<void> }> {
  const dir = await mkdtemp(path.join(tmpdir(), "modly-runs-workflows-"));
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
}

async function start(program: string, dir: string, args: readonly string[]): Promise<Started> {
  const child = spawn(process.execPath, [program, "--data-dir", dir, ...args], {
    env: { PATH: process.env["PATH"], HOME: dir },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (more: string) => {
    said += more;
  });
  const lines = createInterface({ input: child.stdout });
  const gone = once(child, "exit").then(() => [""]);
  const [line] = (await Promise.race([once(lines, "line"), gone])) as [string];
  const url = /http:\/\/\S+/.exec(line)?.[0];
  if (!url) throw new Error(`It did not start: ${said}`);
  child.stdout.resume();
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await once(child, "exit");
    }
    return child.exitCode;
  };
  return {
    url,
    dir,
    child,
    said: () => said,
    stop: () => end("SIGTERM"),
    kill: async () => void (await end("SIGKILL")),
  };
}

/** A server of the contract as a process, with the test models. */
export const startServer = (dir: string, args: readonly string[] = ["--port", "0"]) =>
  start(SERVER, dir, ["--test-models", "--log-level", "silent", ...args]);

/** The service as a process; one process of steps is enough for most. */
export const startService = (dir: string, args: readonly string[]) =>
  start(SERVICE, dir, [
    ...(args.includes("--port") ? [] : ["--port", "0"]),
    ...(args.includes("--workers") ? [] : ["--workers", "1"]),
    ...args,
  ]);

/** The processes that do a service's steps. */
export const childrenOf = ({ child }: Started): number[] =>
  execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((row) => row.trim().split(/\s+/).map(Number))
    .filter(([, parent]) => parent === child.pid)
    .map(([pid]) => pid!);

/** What is said when the service refuses to start. */
export async function refusalOf(
  args: readonly string[],
): Promise<[code: number | null, said: string]> {
  const child = spawn(process.execPath, [SERVICE, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [said] = await Promise.all([text(child.stderr), once(child, "exit")]);
  return [child.exitCode, said];
}

export interface Reply<T = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** The service's API, as a client has it. Every answer is held to the contract's schemas. */
export function api(base: string, token?: string) {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  async function call(method: string, where: string, body?: unknown): Promise<Reply> {
    const response = await fetch(`${base}/api/v1/workflows${where}`, {
      method,
      headers: {
        ...headers,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const received = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: received === "" ? undefined : (JSON.parse(received) as unknown),
    };
  }
  async function workflow(method: string, where: string, body?: unknown): Promise<Workflow> {
    const reply = await call(method, where, body);
    if (reply.status >= 300) throw new Error(`${reply.status}: ${JSON.stringify(reply.body)}`);
    return Workflow.strict().parse(reply.body);
  }
  async function refusal(method: string, where: string, body?: unknown): Promise<Problem> {
    const reply = await call(method, where, body);
    const problem = Problem.strict().parse(reply.body);
    if (problem.status !== reply.status) throw new Error(`The body says ${problem.status}`);
    return problem;
  }
  const get = (id: string) => workflow("GET", `/${id}`);
  return {
    call,
    workflow,
    refusal,
    get,
    create: (body: unknown, query = "") => workflow("POST", `/${query}`, body),
    /** The workflow as soon as it is as wanted. */
    until: (id: string, is: (workflow: Workflow) => boolean) =>
      until(async () => {
        const now = await get(id);
        return is(now) ? now : undefined;
      }, `the workflow ${id}`),
    ended: (id: string) =>
      until(async () => {
        const now = await get(id);
        return ["COMPLETED", "FAILED", "CANCELLED"].includes(now.status) ? now : undefined;
      }, `the end of ${id}`),
    async bytes(where: string): Promise<Buffer> {
      const response = await fetch(base + where, { headers });
      if (!response.ok) throw new Error(`${where}: ${response.status}`);
      return Buffer.from(await response.arrayBuffer());
    },
  };
}

/** What a look gives as soon as it gives something. */
export async function until<T>(look: () => Promise<T | undefined>, what: string): Promise<T> {
  for (const since = Date.now(); Date.now() - since < PATIENCE; await wait(50)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`Waited in vain for ${what}`);
}

/** What a listener was sent. */
export interface Heard {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Somebody who takes what is sent, and answers as told. */
export async function listener(
  answer: (heard: Heard, response: ServerResponse) => void = (_heard, response) => response.end(),
) {
  const heard: Heard[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      const one = { method: request.method, url: request.url, headers: request.headers, body };
      heard.push(one);
      answer(one, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    heard,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A small picture, no two of different numbers alike. */
export const pictureBytes = (number = 0): Promise<Buffer> =>
  sharp({
    create: {
      width: 48,
      height: 48,
      channels: 3,
      background: { r: number % 256, g: (number >> 8) % 256, b: 90 },
    },
  })
    .png()
    .toBuffer();

/** The same as a `data:` address. */
export const picture = async (number = 0): Promise<string> =>
  `data:image/png;base64,${(await pictureBytes(number)).toString("base64")}`;

/** What a mesh is taken from, for `input_mappings`. */
export const from = (step: string, field = "mesh", to = field) => ({
  from_step: step,
  from_field: field,
  to_field: to,
});
