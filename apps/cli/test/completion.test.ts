// What a shell makes of the scripts: bash and fish are asked what they would offer, zsh reads its own.
import { execFile, spawnSync } from "node:child_process";
import { copyFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

import { afterAll, beforeAll, expect, test } from "vitest";

import { cli, root, scratch } from "./processes.ts";

const exec = promisify(execFile);
const there = (shell: string): boolean => {
  const found = spawnSync(shell, ["-c", "exit 0"]).status === 0;
  if (!found)
    process.stderr.write(`LEFT OUT: there is no ${shell} here, so its completion was not tried.\n`);
  return found;
};

let files: Awaited<ReturnType<typeof scratch>>;
const at = (name: string) => path.join(files.dir, name);
beforeAll(async () => {
  files = await scratch();
  await copyFile(path.join(root, "examples/duck.png"), at("duck.png"));
  for (const shell of ["bash", "zsh", "fish", "powershell"])
    await writeFile(at(shell), (await cli(["completion", shell]).ended).stdout);
});
afterAll(() => files.remove());

/** What is typed, and what may follow. */
const OFFERED = [
  ["modly-runs d", "doctor download"],
  ["modly-runs run --fo", "--format"],
  ["modly-runs run --format ", "3mf glb obj ply stl"],
  ["modly-runs completion ", "bash fish powershell zsh"],
  ["modly-runs run du", "duck.png"],
] as const;

test.runIf(there("bash"))("bash completes commands, options, their words, and files", async () => {
  const asked = OFFERED.map(([line]) => {
    const words = line.split(" ").map((word) => `"${word}"`);
    return `COMP_WORDS=(${words.join(" ")}); COMP_CWORD=${words.length - 1}; _modly_runs; echo "\${COMPREPLY[@]}"`;
  });
  const { stdout } = await exec("bash", ["-c", `source ./bash; ${asked.join("; ")}`], {
    cwd: files.dir,
  });
  const offered = stdout.trim().split("\n");
  expect(offered.map((line) => line.split(" ").sort().join(" "))).toEqual(
    OFFERED.map(([, words]) => words),
  );
});

test.runIf(there("fish"))("fish does, with what they mean", async () => {
  const asked = OFFERED.map(([line]) => `complete -C '${line}'; echo ==`);
  const { stdout } = await exec(
    "fish",
    ["--no-config", "-c", `source ./fish; ${asked.join("; ")}`],
    {
      cwd: files.dir,
      env: { ...process.env, HOME: files.dir },
    },
  );
  expect(stdout).toMatch(/^doctor\tSay what is wrong, and what to type$/m);
  const offered = stdout.split("==\n").slice(0, -1);
  expect(
    offered.map((part) =>
      part
        .trim()
        .split("\n")
        .map((line) => line.split("\t")[0] ?? "")
        .sort()
        .join(" "),
    ),
  ).toEqual(OFFERED.map(([, words]) => words));
});

test.runIf(there("zsh"))("zsh reads its script", async () => {
  await expect(exec("zsh", ["-n", at("zsh")])).resolves.toMatchObject({ stderr: "" });
});

test("the script for PowerShell names commands and options", async () => {
  expect((await cli(["completion", "powershell"]).ended).stdout).toMatch(
    /'run' = '--model .*--format /,
  );
});
