import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { inject } from "vitest";

import type { ServiceUrls } from "./index.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Where the services of this run of the tests are written down; undefined where some are not installed. */
    services: { readonly directory: string; readonly pid: number } | undefined;
  }
}

/** A bound against hangs, ms. */
const START_MS = 90_000;

/** False where PostgreSQL or Redis is not installed: what needs them is left out, which is said at the end. */
export const HAS_SERVICES = inject("services") !== undefined;

/**
 * PostgreSQL, Redis and S3 for a run of the tests. The first test file that asks starts them, the end
 * of the run stops them. All files share them, so each uses a schema, a key prefix and a bucket of its own.
 */
export async function servicesForTests(): Promise<ServiceUrls> {
  const found = inject("services");
  if (!found) throw new Error("There are no services here: ask HAS_SERVICES first.");
  const { directory, pid } = found;
  const written = path.join(directory, "services.json");
  if (isFirst(directory)) {
    const keeper = fileURLToPath(new URL("./keeper.ts", import.meta.url));
    const child = spawn(
      process.execPath,
      [
        ...["--import", "tsx", "--conditions=@modly-runs/source"],
        ...[keeper, directory, String(pid)],
      ],
      { stdio: "ignore", detached: true },
    );
    child.unref();
    writeFileSync(path.join(directory, "keeper.pid"), String(child.pid));
  }
  for (const began = performance.now(); !existsSync(written); await wait(25))
    if (performance.now() - began > START_MS) throw new Error("The services do not get ready.");
  const urls = JSON.parse(readFileSync(written, "utf8")) as ServiceUrls & { failed?: string };
  if (urls.failed !== undefined) throw new Error(`The services don't start: ${urls.failed}`);
  return urls;
}

/** Whether nobody else made this directory's mark before. */
function isFirst(directory: string): boolean {
  try {
    mkdirSync(path.join(directory, "taken"));
    return true;
  } catch {
    return false;
  }
}
