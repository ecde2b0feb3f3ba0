import { execFile, execFileSync } from "node:child_process";
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

import { afterAll, beforeAll, expect, test } from "vitest";

import { cli, root, scratch } from "./processes.ts";

const fixture = path.join(root, "packages/conformance/fixtures/modly-extension");
const run = promisify(execFile);

const WITHOUT_PYTHON = (() => {
  try {
    execFileSync("python3", ["--version"], { stdio: "ignore" });
    return false;
  } catch {
    if (process.env["CI"] !== undefined)
      throw new Error("There is no python3 here, and CI needs it.");
    process.stderr.write("LEFT OUT: there is no python3, so no Modly extension was installed.\n");
    return true;
  }
})();

let files: Awaited<ReturnType<typeof scratch>>;
let dir: string;
beforeAll(async () => {
  files = await scratch();
  dir = path.join(files.dir, "ext");
});
afterAll(() => files.remove());

const on = (...args: string[]) => cli(["extensions", ...args], { cwd: files.dir }).ended;

test.skipIf(WITHOUT_PYTHON)("a folder is installed, listed and checked", async () => {
  const installed = await on("install", fixture, "--extensions-dir", dir);
  expect(installed).toMatchObject({ code: 0 });
  const folder = path.join(dir, "modly-runs-fixture");
  expect(installed.stdout.trim()).toBe(folder);
  const listed = await on("list", "--extensions-dir", dir);
  expect(listed.stdout).toMatch(/^ok +modly-runs-fixture$/m);
  const checked = await on("check", folder);
  expect(checked).toMatchObject({ code: 0 });
  expect(checked.stdout).toMatch(/Imports: all there/);
  const again = await on("install", fixture, "--extensions-dir", dir);
  expect(again).toMatchObject({ code: 8, stderr: expect.stringMatching(/is there already/) });
  expect(await readdir(dir)).toEqual(["modly-runs-fixture"]);
});

test.skipIf(WITHOUT_PYTHON)(
  "an archive is installed, and its setup.py runs as in Modly",
  async () => {
    const source = path.join(files.dir, "made");
    await cp(fixture, source, { recursive: true });
    await writeFile(path.join(source, "manifest.json"), '{"id":"made","generator_class":"X"}');
    await writeFile(
      path.join(source, "setup.py"),
      "import pathlib, sys\nprint('setting up')\npathlib.Path(sys.argv[2], 'told').write_text(repr(sys.argv[1:]))\n",
    );
    const archive = path.join(files.dir, "made.tar.gz");
    await run("python3", ["-m", "tarfile", "-c", archive, "made"], { cwd: files.dir });
    const installed = await on("install", archive, "--extensions-dir", dir);
    expect(installed).toMatchObject({ code: 0, stderr: expect.stringMatching(/setting up/) });
    const told = await readFile(path.join(dir, "made", "told"), "utf8");
    expect(told).toMatch(/python.*made', '\d+'\]$/);
  },
);

test.skipIf(WITHOUT_PYTHON)("what is missing is named, with what to type", async () => {
  const folder = path.join(files.dir, "lacking");
  await mkdir(folder);
  await writeFile(path.join(folder, "manifest.json"), '{"id":"lacking","generator_class":"X"}');
  await writeFile(path.join(folder, "generator.py"), "import a_module_that_nobody_has\n");
  const alone = await on("check", folder);
  expect(alone.code).toBe(8);
  expect(alone.stdout).toMatch(/WRONG Imports: ModuleNotFoundError.*\n.*-m pip install a_module/);
  await writeFile(path.join(folder, "requirements.txt"), "");
  expect((await on("check", folder)).stdout).toMatch(/WRONG venv: none, but a requirements\.txt/);
});

test("what is no extension is refused in a sentence", async () => {
  const nothing = await on("install", path.join(files.dir, "nowhere"), "--extensions-dir", dir);
  expect(nothing).toMatchObject({ code: 8, stderr: expect.stringMatching(/There is no/) });
  expect(await on("list")).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/--extensions-dir/),
  });
  expect(await on("remove")).toMatchObject({ code: 2, stderr: expect.stringMatching(/no action/) });
});
