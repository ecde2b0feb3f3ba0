/**
 * Keeps the services of one run of the tests: `keeper.ts DIRECTORY PID` writes where they are into
 * DIRECTORY, and stops them on SIGTERM or when that process is gone.
 */
import { rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import { startServices } from "./index.ts";

const [directory = "", pid = ""] = process.argv.slice(2);
const LOOK_EVERY_MS = 500;

const asked = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => asked.abort());

function isThere(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch {
    return false;
  }
}

async function tell(file: string, what: object): Promise<void> {
  await writeFile(path.join(directory, `${file}.part`), JSON.stringify(what));
  await rename(path.join(directory, `${file}.part`), path.join(directory, file));
}

try {
  const { stop, ...urls } = await startServices();
  await tell("services.json", urls);
  while (!asked.signal.aborted && isThere(Number(pid))) await wait(LOOK_EVERY_MS);
  await stop();
} catch (cause) {
  await tell("services.json", { failed: String(cause) });
  process.exitCode = 1;
}
