import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startBareServer } from "./bare-server.ts";
import { cli, NOBODY, root, scratch } from "./processes.ts";

const duck = path.join(root, "examples", "duck.png");
let bare: Awaited<ReturnType<typeof startBareServer>>;
let files: Awaited<ReturnType<typeof scratch>>;
beforeAll(async () => {
  [bare, files] = await Promise.all([startBareServer(), scratch()]);
});
afterAll(async () => {
  await Promise.all([bare.stop(), files.remove()]);
});

const on = (...args: string[]) => cli([...args, "--api-url", bare.url], { cwd: files.dir });
const steps = ["--model", "test/steps"];

describe("run", () => {
  test("names the mesh after the picture and never takes an existing name", async () => {
    await writeFile(path.join(files.dir, "duck.glb"), "mine");
    const { code, stdout } = await on("run", duck, ...steps).ended;
    expect([code, stdout]).toEqual([0, "duck-2.glb\n"]);
    expect(await readFile(path.join(files.dir, "duck.glb"), "utf8")).toBe("mine");
    expect((await readdir(files.dir)).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  test("writes the mesh to stdout for -, and nothing else", async () => {
    const { code, stdout } = await on("run", duck, ...steps, "-o", "-").ended;
    expect([code, stdout.slice(0, 4)]).toEqual([0, "glTF"]);
  });

  test("--json prints one document, with the file", async () => {
    const { stdout } = await on("run", duck, ...steps, "-o", "j.glb", "--json").ended;
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      command: "run",
      ok: true,
      result: { runs: [{ status: "done", file: "j.glb", run: { progress: 100 } }] },
    });
  });

  test("--json prints one document of a failed run too", async () => {
    const { code, stdout } = await on("run", duck, "--model", "test/fail", "--json").ended;
    expect(code).toBe(5);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      result: { runs: [{ status: "error" }] },
      failure: { code: "run_error", exit: 5 },
    });
  });

  test("without a list of models it tries our default and says so", async () => {
    const { code, stderr } = await on("run", duck).ended;
    expect(code).toBe(4);
    expect(stderr).toMatch(/does not list its models; trying builtin\/auto/);
    expect(stderr).toMatch(/Unknown model ID/);
  });

  test("gives up in time and says how to go on", async () => {
    const slow = ["--param", "steps=1000", "--timeout", "0.5"];
    const { code, stderr } = await on("run", duck, ...steps, ...slow).ended;
    expect(code).toBe(7);
    const id = / wait ([\w-]+)/.exec(stderr)?.[1] ?? "";
    expect((await on("cancel", id).ended).stdout).toBe("cancelled\n");
  });

  test("Ctrl-C cancels the run on the server", async () => {
    const run = on("run", duck, ...steps, "--param", "steps=1000");
    const id = /Run (\S+) with/.exec(await run.said(/Run (\S+) with[^]*%/))?.[1] ?? "";
    run.kill("SIGINT");
    const { code, stderr } = await run.ended;
    expect(code).toBe(6);
    expect(stderr).toMatch(/Cancelling run/);
    expect((await on("status", id).ended).stdout).toMatch(/^cancelled/);
  });
});

test("models says that the server does not list them", async () => {
  const { code, stderr } = await on("models").ended;
  expect(code).toBe(4);
  expect(stderr).toMatch(/does not list its models/);
});

test.each([
  ["run", duck, "--model", "a/b"],
  ["run", duck],
  ["status", "x"],
  ["wait", "x"],
  ["cancel", "x"],
  ["models"],
])("%s says how to start a server when there is none", async (...args) => {
  const { code, stdout, stderr } = await cli([...args, "--api-url", NOBODY]).ended;
  expect([code, stdout]).toEqual([3, ""]);
  expect(stderr).toMatch(/main\.js serve`/);
  expect(stderr).not.toMatch(/silent/);
});

test("run says that the picture is missing before it asks a server", async () => {
  const { code, stdout, stderr } = await cli(["run", "nowhere.png", "--api-url", NOBODY]).ended;
  expect([code, stdout]).toEqual([8, ""]);
  expect(stderr).toBe("There is no picture nowhere.png.\n");
});

test.each([
  ["no command", []],
  ["an unknown command", ["frobnicate"]],
  ["no picture", ["run"]],
  ["params that are no object", ["run", duck, "--params", "[1]"]],
  ["a param without a value", ["run", duck, "--param", "seed"]],
  ["a URL that is none", ["status", "x", "--api-url", "ftp://nowhere"]],
  ["a format nobody writes", ["run", duck, "-o", "duck.fbx"]],
  ["a format against the name", ["run", duck, "-o", "duck.stl", "--format", "obj"]],
  ["a size of what is not printed", ["run", duck, "-o", "duck.obj", "--size", "80mm"]],
  ["two pictures into one file", ["run", duck, duck, "-o", "duck.glb"]],
  ["--resume without its manifest", ["run", duck, "--resume"]],
  ["a shell without completion", ["completion", "tcsh"]],
])("wrong usage ends with 2: %s", async (_name, args) => {
  const { code, stdout, stderr } = await cli(args).ended;
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).not.toBe("");
});
