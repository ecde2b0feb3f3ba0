import { execFileSync } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { chosenIds, collect, PRESETS } from "@modly-runs/conformance";
import { test } from "vitest";

import { startServerProcess } from "../support/server-process.ts";
import { FIXTURE, WITHOUT_PYTHON } from "./bench.ts";

/** About a restart, for which this target has no command. */
const NOT_HERE = ["LIF-13"];

test.skipIf(WITHOUT_PYTHON).concurrent.for(["the host's Python", "a venv"])(
  "a server with only the fixture extension keeps the core, in %s",
  { timeout: 180_000 },
  async (how, { expect: expectHere }) => {
    const directory = await mkdtemp(path.join(os.tmpdir(), "modly-extension-conformance-"));
    const folder = path.join(directory, "extensions", "modly-runs-fixture");
    await cp(FIXTURE, folder, { recursive: true });
    if (how === "a venv")
      execFileSync("python3", ["-m", "venv", "--without-pip", path.join(folder, "venv")]);
    const server = await startServerProcess({
      dataDir: path.join(directory, "data"),
      args: [`--extensions-dir=${path.join(directory, "extensions")}`, "--without-builtin"],
    });
    try {
      const { situations, also } = PRESETS.modly;
      // What spares Modly itself is not needed here: nothing freezes, and who waits is shown as waiting.
      const queued = { ...situations.runs_long, burst: 3 };
      const { verdicts } = await collect({
        base_url: server.url,
        capabilities: ["idempotency_key"],
        situations: { ...situations, queued, fails: { model_id: "modly-runs-fixture/fail" } },
        also,
      });
      const odd = verdicts.filter(({ status }) => !["pass", "note", "n/a"].includes(status));
      expectHere(odd).toEqual([]);
      const left = verdicts.filter(({ status }) => status === "n/a").map(({ id }) => id);
      expectHere(left).toEqual(NOT_HERE);
      expectHere(verdicts).toHaveLength(chosenIds({}).length);
    } finally {
      await server.kill("SIGTERM");
      await rm(directory, { recursive: true, force: true, maxRetries: 3 });
    }
  },
);
