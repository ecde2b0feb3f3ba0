import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { collect, PRESETS } from "@modly-runs/conformance";
import { expect, it } from "vitest";

import { startServerProcess } from "../support/server-process.ts";

const TOKEN = "a-token-for-tests";
const PAGE = "https://page.example";

/** The settings of the guard, on; with them off, the suite's own tests try this server. */
const GUARDS = [
  {
    name: "a token, a page's origin, a name of its own, reachable by others",
    args: [
      "--host=0.0.0.0",
      `--token=${TOKEN}`,
      `--allow-origin=${PAGE}`,
      "--allow-host=runs.example",
    ],
    headers: { Authorization: `Bearer ${TOKEN}`, Origin: PAGE },
  },
  {
    name: "a token in Modly's header",
    args: [`--token=${TOKEN}`],
    headers: { "X-Modly-Token": TOKEN },
  },
];

/** Some hundred checks, one after the other; a bound against hangs, ms. */
const PATIENCE_MS = 300_000;

async function expectKept({ args, headers }: (typeof GUARDS)[number]): Promise<void> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "modly-runs-guard-"));
  const server = await startServerProcess({ dataDir, args: ["--test-models", ...args] });
  try {
    const base_url = server.url.replace("0.0.0.0", "127.0.0.1");
    const { verdicts } = await collect({ ...PRESETS["modly-runs"], base_url, headers });
    const bad = verdicts.filter(({ status }) => !["pass", "note", "n/a"].includes(status));
    expect(bad).toEqual([]);
    expect(verdicts.filter(({ status }) => status === "pass").length).toBeGreaterThan(100);
  } finally {
    await server.kill("SIGTERM");
    await rm(dataDir, { recursive: true });
  }
}

it.concurrent.each(GUARDS)("keeps the contract with $name", expectKept, PATIENCE_MS);
