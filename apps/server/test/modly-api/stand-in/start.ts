import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import type { Bug, Faults } from "./bugs.ts";
import type { Job } from "./jobs.ts";

/** A submission that the stand-in took, as its ledger tells it. */
export interface Submitted {
  readonly at: number;
  readonly job: string;
  readonly model: string;
  /** Of the picture's bytes. */
  readonly sha256: string;
  readonly route: "generate" | "workflow-runs";
}

export interface StandInSettings {
  /** An empty folder: the workspace and the ledger go there. */
  readonly directory: string;
  readonly bugs?: "all" | readonly Bug[];
  readonly token?: string;
}

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

/** Starts the stand-in as a process of its own; after a kill, `start` gives it the same port again. */
export async function startStandIn({ directory, bugs = "all", token }: StandInSettings) {
  const workspace = path.join(directory, "modly-workspace");
  const ledger = path.join(directory, "ledger.jsonl");
  await mkdir(workspace, { recursive: true });
  const wanted = bugs === "all" ? bugs : bugs.join(",");
  let child: ChildProcess | null = null;
  let port = 0;

  async function start(): Promise<void> {
    const options = {
      port: String(port),
      workspace,
      ledger,
      bugs: wanted,
      ...(token && { token }),
    };
    child = fork(
      MAIN,
      Object.entries(options).map(([name, value]) => `--${name}=${value}`),
      { execArgv: ["--import", "tsx", "--conditions=@modly-runs/source"], stdio: "inherit" },
    );
    const started = once(child, "message") as Promise<[{ port: number }]>;
    const failed = once(child, "exit").then(() => {
      throw new Error("the stand-in did not start");
    });
    const [message] = await Promise.race([started, failed]);
    failed.catch(() => undefined);
    port = message.port;
  }

  async function kill(): Promise<void> {
    if (!child) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
    child = null;
  }

  async function control<T>(method: string, route: string, body?: unknown): Promise<T> {
    const answer = await fetch(`http://127.0.0.1:${port}/stand-in/${route}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return (await answer.json()) as T;
  }

  await start();
  return {
    url: `http://127.0.0.1:${port}`,
    workspace,
    start,
    /** As a crash: no handler runs, the jobs are forgotten. */
    kill,
    /** What goes wrong from now on; everything that is not named goes right. */
    faults: (faults: Partial<Faults>) => control<Faults>("PUT", "faults", faults),
    /** The jobs it knows, and whether it still works on them. */
    jobs: () =>
      control<(Job & { sha256: string; model: string; working: boolean })[]>("GET", "jobs"),
    /** Everything that was ever submitted, also before a kill. */
    submissions: (): Submitted[] =>
      existsSync(ledger)
        ? readFileSync(ledger, "utf8")
            .trimEnd()
            .split("\n")
            .map((line) => JSON.parse(line) as Submitted)
        : [],
  };
}

export type StandIn = Awaited<ReturnType<typeof startStandIn>>;
