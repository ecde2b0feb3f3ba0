import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { expect, it } from "vitest";

import { collect, type RunOptions } from "../src/run.ts";

const witness = fileURLToPath(new URL("../witness/server.py", import.meta.url));

/** Starts a server of Python's standard library and holds it against the suite. */
async function judged(script: string, options: RunOptions = {}) {
  const process = spawn("python3", [script, "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [url] = (await once(createInterface(process.stdout), "line")) as [string];
    const long = { steps: 50, step_ms: 50 };
    const { verdicts } = await collect(
      {
        base_url: url,
        situations: {
          succeeds: { model_id: "witness/flat", params: { steps: 4, step_ms: 25 } },
          runs_long: { model_id: "witness/flat", params: long, min_ms: 1_500 },
          queued: { model_id: "witness/flat", params: long, burst: 24 },
          fails: { model_id: "witness/flat", params: { fail: true } },
          fingerprint: { model_id: "witness/flat" },
        },
      },
      options,
    );
    return verdicts;
  } finally {
    process.kill();
    await once(process, "exit");
  }
}

it("finds nothing wrong with a server in Python's standard library", async () => {
  const verdicts = await judged(witness);
  const broken = verdicts.filter(({ status }) =>
    ["fail", "warn", "blocked", "harness-error"].includes(status),
  );
  expect(broken).toEqual([]);
  expect(verdicts.filter(({ status }) => status === "pass").length).toBeGreaterThan(110);
}, 120_000);

it("fails the same server once a run at work ignores its cancel", async () => {
  const folder = await mkdtemp(join(tmpdir(), "witness-"));
  try {
    const text = await readFile(witness, "utf8");
    const deaf = text.replace(
      'run.change(status="cancelled")\n',
      'if run.status != "pending":\n            return\n        run.change(status="cancelled")\n',
    );
    expect(deaf).not.toBe(text);
    await writeFile(join(folder, "server.py"), deaf);
    const verdicts = await judged(join(folder, "server.py"), { only: ["CAN-03", "CAN-11"] });
    const failed = verdicts.filter(({ status }) => status === "fail").map(({ id }) => id);
    expect(failed).toContain("CAN-03");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 120_000);
