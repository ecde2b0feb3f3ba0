import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { expect, it } from "vitest";

import { collect } from "../src/run.ts";

const witness = fileURLToPath(new URL("../witness/server.py", import.meta.url));

it("finds nothing wrong with a server in Python's standard library", async () => {
  const process = spawn("python3", [witness, "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [url] = (await once(createInterface(process.stdout), "line")) as [string];
    const long = { steps: 50, step_ms: 50 };
    const { verdicts } = await collect({
      base_url: url,
      situations: {
        succeeds: { model_id: "witness/flat", params: { steps: 4, step_ms: 25 } },
        runs_long: { model_id: "witness/flat", params: long, min_ms: 1_500 },
        queued: { model_id: "witness/flat", params: long, burst: 24 },
        fails: { model_id: "witness/flat", params: { fail: true } },
        fingerprint: "none",
      },
    });
    const broken = verdicts.filter(({ status }) =>
      ["fail", "warn", "blocked", "harness-error"].includes(status),
    );
    expect(broken).toEqual([]);
    expect(verdicts.filter(({ status }) => status === "pass").length).toBeGreaterThan(110);
  } finally {
    process.kill();
    await once(process, "exit");
  }
}, 120_000);
