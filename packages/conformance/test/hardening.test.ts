import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import * as fc from "fast-check";
import { expect, test } from "vitest";

import { collect, PRESETS, type TargetConfig } from "../src/index.ts";
import { PARALLEL, programText, SEQUENTIAL } from "../src/programs/program.ts";
import { tryServer } from "./reference/index.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** It waits for the server's own time limit, which is a minute here; `pnpm zoo` has the time. */
const SLOW = ["SEC-09"];

async function listening(command: string, args: readonly string[]) {
  const server = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(server, "exit");
  const [line] = (await once(createInterface(server.stdout), "line")) as [string];
  const [url] = /http:\/\/[\d.]+:\d+/.exec(line) ?? [];
  if (url === undefined) throw new Error(`it said: ${line}`);
  return {
    url,
    async close() {
      server.kill("SIGTERM");
      await ended;
    },
  };
}

async function troublesOf(target: TargetConfig) {
  const { verdicts } = await collect(target, { set: "hardening", skip: SLOW });
  return verdicts
    .filter(({ status }) => !["pass", "n/a", "note"].includes(status))
    .map(({ id, status, observed, reason }) => `${id} ${status}: ${observed ?? reason}`);
}

test("the reference server is fit to be trusted", { timeout: 120_000 }, async () => {
  const { broken, blocked, verdicts } = await tryServer({}, { set: "hardening" });
  expect({ broken, blocked }).toEqual({ broken: [], blocked: [] });
  expect(verdicts.filter(({ status }) => status === "pass").length).toBeGreaterThanOrEqual(28);
});

test("so is the server of this project", { timeout: 180_000 }, async () => {
  const data = await mkdtemp(join(tmpdir(), "conformance-hard-"));
  const main = join(root, "apps/server/src/main.ts");
  const flags = ["--import", "tsx", "--conditions=@modly-runs/source", main];
  const settings = ["--port", "0", "--data-dir", data, "--test-models"];
  const server = await listening(process.execPath, [...flags, ...settings]);
  try {
    const target = { ...PRESETS["modly-runs"], base_url: server.url };
    expect(await troublesOf(target)).toEqual([]);
  } finally {
    await server.close();
    await rm(data, { recursive: true, force: true });
  }
});

test("so is the server in Python", { timeout: 180_000 }, async () => {
  const witness = fileURLToPath(new URL("../witness/server.py", import.meta.url));
  const server = await listening("python3", [witness, "--port", "0"]);
  const long = { model_id: "witness/flat", params: { steps: 50, step_ms: 50 } };
  try {
    const target: TargetConfig = {
      base_url: server.url,
      situations: {
        succeeds: { model_id: "witness/flat", params: { steps: 4, step_ms: 25 } },
        runs_long: { ...long, min_ms: 1_500 },
        queued: { ...long, burst: 24 },
        fails: { model_id: "witness/flat", params: { fail: true } },
        fingerprint: "none",
      },
    };
    expect(await troublesOf(target)).toEqual([]);
  } finally {
    await server.close();
  }
});

test("a seed gives the same programs again, and another one others", () => {
  for (const programs of [SEQUENTIAL, PARALLEL]) {
    const of = (seed: number) => fc.sample(programs, { seed, numRuns: 20 }).map(programText);
    expect(of(7)).toEqual(of(7));
    expect(of(7)).not.toEqual(of(8));
  }
});

test("a program that shows a fault is made smaller, and told with its seed", async () => {
  const { verdicts } = await tryServer(
    {
      cancelled: (run) => ({
        status: 200,
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ run_id: run.id, status: "done", cancelled: false }),
      }),
    },
    { set: "hardening", only: ["MOD-01"], seed: 3 },
  );
  const [verdict] = verdicts;
  expect(verdict?.status).toBe("fail");
  const told = /Program: (.+) \(wrong in \d of 5 repeats/.exec(verdict?.observed ?? "")?.[1] ?? "";
  // A create, a cancel, and next to nothing that is not needed.
  expect(told).toContain("cancel");
  expect(told.split(";").length).toBeLessThanOrEqual(5);
  expect(verdict?.observed).toContain("--only MOD-01 --replay 3");
}, 60_000);
