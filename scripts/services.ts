/**
 * PostgreSQL, Redis and S3 to try more than one machine with: private ones on free ports, whose data
 * is gone when they end. Prints their addresses, and stops them on Ctrl-C.
 *
 *     pnpm services            --install takes what is missing from Debian
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

import { startServices } from "../apps/server/test/support/services/index.ts";
import { missingPackages } from "../apps/server/test/support/services/programs.ts";

const { values } = parseArgs({ options: { install: { type: "boolean" } } });

/** True when all of it went well. */
function install(packages: readonly string[]): boolean {
  const sudo = process.getuid?.() === 0 ? [] : ["sudo"];
  return [["update"], ["install", "-y", ...packages]].every((args) => {
    const [command = "", ...rest] = [...sudo, "apt-get", ...args];
    return spawnSync(command, rest, { stdio: "inherit" }).status === 0;
  });
}

let missing = missingPackages();
if (missing.length > 0 && values.install && install(missing)) missing = missingPackages();
if (missing.length > 0) {
  console.error(
    `Not installed: ${missing.join(", ")}. pnpm services --install takes it from Debian.`,
  );
  process.exit(1);
}

// Ctrl-C may come twice: from the terminal, and from what started this.
const asked = new Promise<void>((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => resolve());
});
const services = await startServices();
console.log(`--database-url  ${services.database}
--queue-url     ${services.queue}
--files-url     '${services.files}'

Ctrl-C stops them and removes what they keep.`);
await asked;
await services.stop();
