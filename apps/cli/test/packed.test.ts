// What will be published, installed into an empty folder and called as people call it.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

import { expect, test } from "vitest";

import { cleanEnv, root, scratch } from "./processes.ts";

const exec = promisify(execFile);

/** The folders of our packages by their names. */
async function ours(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const group of ["packages", "apps"])
    for (const folder of await readdir(path.join(root, group))) {
      const from = path.join(group, folder);
      const text = await readFile(path.join(root, from, "package.json"), "utf8").catch(() => "{}");
      const { name } = JSON.parse(text) as { name?: string };
      if (name !== undefined) found.set(name, from);
    }
  return found;
}

/** Unpacks a package as npm would pack it, and links what it depends on to what is installed here. */
async function install(from: string, into: string): Promise<string[]> {
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
  const needed: string[] = [];
  for (const dependency of Object.keys(dependencies)) {
    if (dependency.startsWith("@modly-runs/")) {
      needed.push(dependency);
      continue;
    }
    const link = path.join(folder, "node_modules", dependency);
    await mkdir(path.dirname(link), { recursive: true });
    await symlink(path.join(root, from, "node_modules", dependency), link);
  }
  return needed;
}

test("the packed command makes a mesh in an empty folder, with the server it brought along", async () => {
  const { dir, remove } = await scratch();
  try {
    const folders = await ours();
    const wanted = new Set(["modly-runs"]);
    // A set that grows while it is walked: what a package brings along is installed after it.
    for (const name of wanted)
      for (const needed of await install(folders.get(name)!, dir)) wanted.add(needed);
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
