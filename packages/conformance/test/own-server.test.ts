import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

import { collect, PRESETS } from "../src/index.ts";
import { resultOf } from "../src/reports/index.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

test(
  "the server of this project keeps the core: no failure, no warning, nothing blocked",
  { timeout: 180_000 },
  async () => {
    const data = await mkdtemp(join(tmpdir(), "conformance-own-"));
    const main = join(root, "apps/server/src/main.ts");
    const flags = [
      "--import",
      "tsx",
      "--conditions=@modly-runs/source",
      main,
      "--port",
      "0",
      "--data-dir",
      data,
      "--test-models",
    ];
    const server = spawn(process.execPath, flags, {
      cwd: root,
      stdio: ["ignore", "pipe", "ignore"],
    });
    const ended = new Promise((resolve) => server.once("exit", resolve));
    try {
      const url = await new Promise<string>((resolve, reject) => {
        let said = "";
        server.stdout.on("data", (chunk) => {
          said += String(chunk);
          const found = /http:\/\/[\d.]+:\d+/.exec(said);
          if (found) resolve(found[0]);
        });
        server.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
      });
      const target = { ...PRESETS["modly-runs"], base_url: url };
      const outcome = await collect(target);
      const result = resultOf(outcome, { target, set: "core" });
      const { counts, declared, executed, exit_code, headline } = result;
      process.stdout.write(`Our server: ${headline}\n`);
      const odd = outcome.verdicts.filter(
        ({ status }) => !["pass", "note", "n/a"].includes(status),
      );
      expect(odd).toEqual([]);
      expect({ exit_code, fail: counts.fail, warn: counts.warn, blocked: counts.blocked }).toEqual({
        exit_code: 0,
        fail: 0,
        warn: 0,
        blocked: 0,
      });
      // Only the restart hook is not claimed.
      expect(executed).toBe(declared - 1);
    } finally {
      server.kill("SIGTERM");
      await ended;
      await rm(data, { recursive: true, force: true });
    }
  },
);
