/**
 * Around all tests: a place for PostgreSQL, Redis and S3, which the first test that needs them starts.
 * Where they are not installed, what needs them is left out; CI does not let it be.
 */
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import type { TestProject } from "vitest/node";

import { missingPackages } from "../apps/server/test/support/services/programs.ts";

/** A bound against hangs, ms. */
const STOP_MS = 60_000;

/** Ends the keeper of the services, and waits until it is gone with all it kept. */
async function stopKeeper(file: string): Promise<void> {
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, "utf8"));
  try {
    process.kill(pid, "SIGTERM");
    for (const began = Date.now(); Date.now() - began < STOP_MS; await wait(25))
      process.kill(pid, 0);
  } catch {
    // It is gone.
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const missing = missingPackages();
  if (missing.length > 0) {
    if (process.env["CI"])
      throw new Error(
        `CI must not leave out the tests of more than one machine: apt-get install ${missing.join(" ")}`,
      );
    project.provide("services", undefined);
    return async () => {
      process.stderr.write(
        `\n!!! LEFT OUT: everything about more than one machine, since ${missing.join(" and ")} is not installed: pnpm services --install\n\n`,
      );
    };
  }
  const directory = await mkdtemp(path.join(tmpdir(), "modly-runs-services-"));
  project.provide("services", { directory, pid: process.pid });
  return async () => {
    await stopKeeper(path.join(directory, "keeper.pid"));
    await rm(directory, { recursive: true, force: true });
  };
}
