import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

import type { Part } from "./modules.ts";

/** The last that runs on Node 20. Some 70 MB, so it is no dependency: it is fetched when it is asked for. */
const VERSION = "9.5.1";

/** What became of one change of a module. */
export interface Mutant {
  readonly status: string;
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly location: { readonly start: Place; readonly end: Place };
}
interface Place {
  readonly line: number;
  readonly column: number;
}

/** The mutants of each module, and the text that they change. */
export type Mutants = Readonly<
  Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>
>;

/** Puts Stryker beside the other caches of the checkout. Throws a sentence if it can't be had. */
export async function installed(root: string): Promise<string> {
  const home = join(root, "node_modules/.cache", `stryker-${VERSION}`);
  const modules = join(home, "node_modules");
  if (existsSync(join(modules, "vitest"))) return modules;
  await mkdir(home, { recursive: true });
  await writeFile(join(home, "package.json"), '{ "private": true }\n');
  const packages = ["core", "vitest-runner"].map((name) => `@stryker-mutator/${name}@${VERSION}`);
  // Its vitest has to be the one that the tests import, so that npm must not bring another.
  const how = ["--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund"];
  try {
    execFileSync("npm", ["install", ...how, ...packages], { cwd: home, stdio: "inherit" });
  } catch {
    throw new Error(
      `Stryker ${VERSION} could not be fetched from the registry of npm. Try again when it can be reached.`,
    );
  }
  await symlink(join(root, "node_modules/vitest"), join(modules, "vitest"));
  return modules;
}

const SOURCES = [
  "packages",
  "apps/server",
  "scripts/mutation",
  "package.json",
  "tsconfig.base.json",
];
const SIGNALS = ["SIGINT", "SIGTERM"] as const;
const LEFT_OUT = new Set(["node_modules", "dist", ".turbo"]);

/** A copy of the sources for Stryker to change, with the dependencies of the checkout. */
async function copied(root: string): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), "mutation-test-"));
  for (const source of SOURCES)
    await cp(join(root, source), join(copy, source), {
      recursive: true,
      filter: (from) => !LEFT_OUT.has(basename(from)),
    });
  const packages = await readdir(join(root, "packages"));
  for (const at of [".", "apps/server", ...packages.map((name) => join("packages", name))]) {
    const modules = join(root, at, "node_modules");
    if (existsSync(modules)) await symlink(modules, join(copy, at, "node_modules"));
  }
  return copy;
}

/** Mutates the modules of a part in a copy of the checkout, and tells what became of each mutant. */
export async function mutantsOf(
  root: string,
  modules: string,
  part: Part,
  concurrency: number,
): Promise<Mutants> {
  const copy = await copied(root);
  try {
    const report = join(copy, "mutation.json");
    const runner = "@stryker-mutator/vitest-runner/dist/src/index.js";
    const config = {
      testRunner: "vitest",
      plugins: [join(modules, runner)],
      vitest: { configFile: "scripts/mutation/vitest.config.ts", related: false },
      mutate: Object.keys(part.modules),
      inPlace: true,
      concurrency,
      // A mutant that goes round for ever is found by the time it takes; a busy machine has to be spared.
      timeoutMS: 15_000,
      reporters: ["progress-append-only", "json"],
      jsonReporter: { fileName: report },
    };
    await writeFile(join(copy, "stryker.json"), JSON.stringify(config));
    const bin = join(modules, "@stryker-mutator/core/bin/stryker.js");
    const child = spawn(process.execPath, [bin, "run", "stryker.json"], {
      cwd: copy,
      stdio: ["ignore", "inherit", "inherit"],
      env: {
        ...process.env,
        MUTATION_TESTS: JSON.stringify(part.tests),
        MUTATION_MODULES: JSON.stringify(Object.keys(part.modules)),
      },
    });
    // Whoever ends this ends Stryker, and then the copy is removed as after any other end.
    const stop = () => child.kill();
    for (const signal of SIGNALS) process.on(signal, stop);
    const code = await new Promise((resolve, reject) =>
      child.once("error", reject).once("exit", resolve),
    );
    for (const signal of SIGNALS) process.off(signal, stop);
    if (code !== 0) throw new Error("Stryker did not come to an end; what it says is above.");
    return (JSON.parse(await readFile(report, "utf8")) as { files: Mutants }).files;
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}
