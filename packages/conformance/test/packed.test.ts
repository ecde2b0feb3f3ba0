import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

import manifest from "../package.json" with { type: "json" };
import { execute } from "./command.ts";
import { type Reference, startReference } from "./reference/index.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

let reference: Reference;
let folder: string;

beforeAll(async () => {
  reference = await startReference();
  folder = await mkdtemp(join(tmpdir(), "conformance-packed-"));
  const script = join(root, "scripts/pack-conformance.ts");
  const packed = await execute(process.execPath, ["--import", "tsx", script, folder]);
  if (packed.code !== 0) throw new Error(`packing failed: ${packed.out}${packed.err}`);
}, 180_000);

afterAll(async () => {
  await reference.close();
  await rm(folder, { recursive: true, force: true });
});

test(
  "one command puts the suite into an empty folder, where it checks a server through npx",
  { timeout: 240_000 },
  async () => {
    expect((await readdir(folder)).filter((file) => file.endsWith(".tgz"))).toHaveLength(1);
    const command = ["--no-install", "modly-runs-conformance"];
    const run = await execute(
      "npx",
      [...command, "run", "--url", reference.url, "--model", "ref/fast"],
      folder,
    );
    expect(run.err).not.toContain("Error");
    expect(run).toMatchObject({ code: 0 });
    expect(run.out).toContain("keeps the contract");
    const explained = await execute("npx", [...command, "explain", "CAN-15"], folder);
    expect(explained.out).toContain("CAN-15 (MUST)");
  },
);

test("packing leaves the checkout as it was", async () => {
  const contract = await readFile(join(root, "packages/contract/package.json"), "utf8");
  expect(contract).toContain('"zod": "catalog:"');
});

test("the suite needs three packages beside the contract", () => {
  const needed = Object.keys(manifest.dependencies).filter(
    (name) => name !== "@modly-runs/contract",
  );
  expect(needed.length).toBeLessThanOrEqual(3);
});
