// What will be published, installed into an empty folder and called as people call it.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

import { expect, test } from "vitest";

import { cleanEnv, NOBODY, root, scratch } from "./processes.ts";

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

/** Packs packages as npm would. Gives the tarballs by the packages' names. */
async function pack(folders: readonly string[], into: string): Promise<Map<string, string>> {
  const how = ["--json", "--ignore-scripts", "--offline", "--pack-destination", into];
  const from = folders.map((folder) => path.join(root, folder));
  const { stdout } = await exec("npm", ["pack", ...how, ...from], { cwd: into });
  const packed = JSON.parse(stdout) as { filename: string; name: string }[];
  return new Map(packed.map(({ filename, name }) => [name, path.join(into, filename)]));
}

/** Unpacks a package, and links what of others it depends on to what is installed here. */
async function install(tarball: string, from: string, into: string): Promise<void> {
  await mkdir(into, { recursive: true });
  await exec("tar", ["-xzf", tarball, "-C", into, "--strip-components=1"]);
  for (const dependency of await dependenciesOf(into)) {
    if (dependency.startsWith("@modly-runs/")) continue;
    const link = path.join(into, "node_modules", dependency);
    await mkdir(path.dirname(link), { recursive: true });
    await symlink(path.join(root, from, "node_modules", dependency), link);
  }
}

async function dependenciesOf(folder: string): Promise<string[]> {
  const text = await readFile(path.join(folder, "package.json"), "utf8");
  const { dependencies = {} } = JSON.parse(text) as { dependencies?: Record<string, string> };
  return Object.keys(dependencies);
}

test(
  "the packed command makes a mesh in an empty folder, with the server it brought along",
  { timeout: 240_000 },
  async () => {
    const { dir, remove } = await scratch();
    try {
      const folders = await ours();
      const wanted = new Set(["modly-runs"]);
      // A set that grows while it is walked: what a package brings along comes after it.
      for (const name of wanted)
        for (const needed of await dependenciesOf(path.join(root, folders.get(name)!)))
          if (folders.has(needed)) wanted.add(needed);
      const tarballs = await pack(
        [...wanted].map((name) => folders.get(name)!),
        dir,
      );
      for (const [name, tarball] of tarballs)
        await install(tarball, folders.get(name)!, path.join(dir, "node_modules", name));
      await writeFile(path.join(dir, "package.json"), "{}");
      const main = path.join(dir, "node_modules/modly-runs/dist/main.js");
      const args = [main, "run", path.join(root, "examples/duck.png"), "-o", "duck.3mf"];
      const run = spawn(process.execPath, args, {
        cwd: dir,
        env: { ...cleanEnv(dir), MODLY_RUNS_PORT: new URL(NOBODY).port },
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
  },
);
