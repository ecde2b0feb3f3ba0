import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect, it } from "vitest";

import { collect } from "../src/run.ts";
import { withWitness } from "./trusted.ts";

const witness = fileURLToPath(new URL("../witness/server.py", import.meta.url));

it("finds nothing wrong with a server in Python's standard library", async () => {
  const { verdicts } = await withWitness((target) => collect(target));
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
    const script = join(folder, "server.py");
    await writeFile(script, deaf);
    const only = ["CAN-03", "CAN-11"];
    const { verdicts } = await withWitness((target) => collect(target, { only }), script);
    const failed = verdicts.filter(({ status }) => status === "fail").map(({ id }) => id);
    expect(failed).toContain("CAN-03");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 120_000);
