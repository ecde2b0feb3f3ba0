import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

import manifest from "../package.json" with { type: "json" };
import { execute } from "./command.ts";
import { type Reference, startReference } from "./reference/index.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const PNPM = ["--yes", "pnpm@10.34.9"];

let reference: Reference;
let folder: string;

beforeAll(async () => {
  reference = await startReference();
  folder = await mkdtemp(join(tmpdir(), "conformance-packed-"));
  // An up-to-date build costs a moment; a stale one would test yesterday's code.
  const build = await execute("npx", ["tsc", "-b", "packages/conformance"]);
  if (build.code !== 0) throw new Error(`the build failed: ${build.out}${build.err}`);
  for (const name of ["contract", "conformance"]) {
    const packed = await execute(
      "npx",
      [...PNPM, "pack", "--pack-destination", folder],
      join(root, "packages", name),
    );
    if (packed.code !== 0) throw new Error(`packing ${name} failed: ${packed.err}`);
  }
}, 180_000);

afterAll(async () => {
  await reference.close();
  await rm(folder, { recursive: true, force: true });
});

test(
  "both tarballs install in an empty folder and check a server through npx",
  { timeout: 240_000 },
  async () => {
    const tarballs = (await readdir(folder)).filter((file) => file.endsWith(".tgz"));
    expect(tarballs).toHaveLength(2);
    await writeFile(join(folder, "package.json"), '{"private":true}\n');
    const flags = ["--prefer-offline", "--no-audit", "--no-fund"];
    const installed = await execute(
      "npm",
      ["install", ...flags, ...tarballs.map((file) => `./${file}`)],
      folder,
    );
    expect(installed).toMatchObject({ code: 0 });
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

test("publint has nothing to say, and the suite needs three packages beside the contract", async () => {
  const tarball = `modly-runs-conformance-${manifest.version}.tgz`;
  const { code, out } = await execute("npx", ["publint", "--strict", join(folder, tarball)]);
  expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining("All good!") });
  const needed = Object.keys(manifest.dependencies).filter(
    (name) => name !== "@modly-runs/contract",
  );
  expect(needed.length).toBeLessThanOrEqual(3);
});
