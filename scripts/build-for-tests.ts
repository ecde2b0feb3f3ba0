/** Before any test: what tests start as processes is built. Up to date, that takes a tenth of a second. */
import { spawnSync } from "node:child_process";
import path from "node:path";

import type { TestProject } from "vitest/node";

const root = path.resolve(import.meta.dirname, "..");

// A mistake in a type stops no test: its file is written all the same, and `check:types` tells.
function build(): void {
  const tsc = path.join(root, "node_modules/typescript/bin/tsc");
  const { error } = spawnSync(
    process.execPath,
    [tsc, "-b", "apps/cli", "apps/server", "apps/workflows", "packages/conformance"],
    {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
    },
  );
  if (error) throw new Error("The programs can't be built for the tests.", { cause: error });
}

export default function setup(project: TestProject): void {
  build();
  project.onTestsRerun(async () => build());
}
