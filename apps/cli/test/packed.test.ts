// What will be published, installed into an empty folder and called as people call it.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

import { expect, test } from "vitest";

import { cleanEnv, root, scratch } from "./processes.ts";

const exec = promisify(execFile);
const PACKAGES = ["packages/contract", "packages/mesh", "apps/server", "apps/cli"];

/** Unpacks a package as npm would pack it, and links what it depends on to what is installed here. */
async function install(from: string, into: string): Promise<void> {
  const { stdout } = await exec(
    "npm",
    ["pack", "--json", "--ignore-scripts", "--pack-destination", into],
    {
      cwd: path.join(root, from),
    },
  );
  const [{ filename, name }] = JSON.parse(stdout) as [{ filename: string; name: string }];
  const folder = path.join(into, "node_modules", name);
  await mkdir(folder, { recursive: true });
  await exec("tar", ["-xzf", path.join(into, filename), "-C", folder, "--strip-components=1"]);
  const { dependencies = {} } = JSON.parse(
    await readFile(path.join(folder, "package.json"), "utf8"),
  ) as {
    dependencies?: Record<string, string>;
  };
  for (const dependency of Object.keys(dependencies)) {
    if (dependency.startsWith("@modly-runs/")) continue;
    const link = path.join(folder, "node_modules", dependency);
    await mkdir(path.dirname(link), { recursive: true });
    await symlink(path.join(root, from, "node_modules", dependency), link);
  }
}

test("the packed command makes a mesh in an empty folder, with the server it brought along", async () => {
  const { dir, remove } = await scratch();
  try {
    for (const from of PACKAGES) await install(from, dir);
    await writeFile(path.join(dir, "package.json"), "{}");
    const main = path.join(dir, "node_modules/modly-runs/dist/main.js");
    const args = [main, "run", path.join(root, "examples/duck.png"), "-o", "duck.3mf"];
    const run = spawn(process.execPath, args, {
      cwd: dir,
      env: { ...cleanEnv(dir), MODLY_RUNS_PORT: "9" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    run.stderr.on("data", (chunk) => (said += String(chunk)));
    const [code] = (await once(run, "close")) as [number | null];
    expect(code, said).toBe(0);
    expect((await readdir(dir)).includes("duck.3mf")).toBe(true);
    expect(said).toMatch(/one of our own/);
  } finally {
    await remove();
  }
});
