import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  copyFile,
  link,
  mkdir,
  readdir,
  readFile,
  symlink,
  writeFile,
} from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startBareServer } from "./bare-server.ts";
import { cleanEnv, cli, command, NOBODY, root, scratch, startOurServer } from "./processes.ts";

const duck = path.join(root, "examples", "duck.png");
let server: Awaited<ReturnType<typeof startOurServer>>;
let files: Awaited<ReturnType<typeof scratch>>;
beforeAll(async () => {
  files = await scratch();
  server = await startOurServer(path.join(files.dir, "data"));
});
afterAll(async () => {
  await server.stop();
  await files.remove();
});

const at = (...names: string[]) => path.join(files.dir, ...names);
const on = (...args: string[]) => cli([...args, "--api-url", server.url], { cwd: files.dir });
const steps = ["-m", "test/steps"];

test("a picture is never overwritten, also not through links", async () => {
  await copyFile(duck, at("in.png"));
  await symlink(at("in.png"), at("soft.glb"));
  await link(at("in.png"), at("hard.glb"));
  for (const output of ["in.png", "soft.glb", "hard.glb"]) {
    const { code, stderr } = await on("run", "in.png", "-o", output, "--format", "glb").ended;
    expect(code, output).toBe(2);
    expect(stderr).toMatch(/would be overwritten|can write \.png/);
  }
  const seen = await on("run", "in.png", "-o", "seen.glb", "--preview", "in.png").ended;
  expect([seen.code, seen.stderr]).toEqual([2, expect.stringMatching(/would be overwritten/)]);
  await copyFile(duck, at("in.texture.png"));
  const textured = await on("run", "in.texture.png", "-o", "in.obj").ended;
  expect([textured.code, textured.stderr]).toEqual([
    2,
    expect.stringMatching(/texture of in\.obj/),
  ]);
  expect(await readFile(at("in.png"))).toEqual(await readFile(duck));
});

test.each([
  ["out.obj", /^# modly-runs\nmtllib out\.mtl/],
  ["out.ply", /^ply\n/],
  ["out.3mf", /^PK/],
  ["out.stl", /^modly-runs, millimetres/],
])("the format follows the name: %s", async (name, begins) => {
  const { code, stderr } = await on("run", duck, ...steps, "-o", name).ended;
  expect(code, stderr).toBe(0);
  expect((await readFile(at(name))).toString("latin1", 0, 200)).toMatch(begins);
});

test("a folder that is not there, or can't be written, is said before the run", async () => {
  const { code, stderr } = await on("run", duck, "-o", "no/where/duck.glb").ended;
  expect([code, stderr]).toEqual([8, expect.stringMatching(/mkdir -p/)]);
  if (process.getuid?.() === 0) return;
  await mkdir(at("closed"));
  await chmod(at("closed"), 0o500);
  expect((await on("run", duck, "-o", "closed/duck.glb").ended).code).toBe(8);
});

test("a folder that is named as one is made", async () => {
  const { code, stderr } = await on("run", duck, ...steps, "-o", "new/folder/").ended;
  expect(code, stderr).toBe(0);
  expect((await readFile(at("new", "folder", "duck.glb"))).toString("latin1", 0, 4)).toBe("glTF");
  const inAFile = await on("run", duck, "-o", "new/folder/duck.glb/below/").ended;
  expect([inAFile.code, inAFile.stderr]).toEqual([8, expect.stringMatching(/is no folder/)]);
});

/** Runs the command in a shell, with what follows it in a pipe. */
async function piped(args: string, rest: string): Promise<number | null> {
  const line = `${command.map((word) => `'${word}'`).join(" ")} ${args} --api-url ${server.url} ${rest}`;
  const shell = spawn("bash", ["-c", `set -o pipefail; ${line}`], {
    cwd: files.dir,
    env: cleanEnv(files.dir),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [code] = (await once(shell, "close")) as [number | null];
  return code;
}

test("a closed stderr costs nothing", async () => {
  const slow = "--param steps=10 --param step_ms=50";
  expect(
    await piped(`run ${duck} -m test/steps ${slow} -o piped.glb`, "2>&1 >/dev/null | head -1"),
  ).toBe(0);
  expect((await readFile(at("piped.glb"))).toString("latin1", 0, 4)).toBe("glTF");
});

test("a closed stdout costs no mesh, and ends as a shell expects", async () => {
  expect(await piped(`run ${duck} -m test/steps -o closed.glb`, "| true")).toBe(141);
  expect((await readFile(at("closed.glb"))).toString("latin1", 0, 4)).toBe("glTF");
});

test("a server that goes away is said at once", async () => {
  const data = await scratch();
  const mortal = await startOurServer(data.dir);
  try {
    const slow = ["--param", "steps=1000", "--param", "step_ms=50"];
    const run = cli(["run", duck, ...steps, ...slow, "-o", "x.glb", "--api-url", mortal.url], {
      cwd: files.dir,
    });
    await run.said(/Step [2-9]/);
    await mortal.kill();
    expect(await run.said(/does not answer\. Trying again/)).toMatch(/the run is not lost/);
    run.kill("SIGKILL");
    await run.ended;
  } finally {
    await mortal.kill();
    await data.remove();
  }
});

test("localhost:PORT is a server's address", async () => {
  const { host } = new URL(server.url);
  const { code, stdout } = await cli(["models", "--api-url", host]).ended;
  expect([code, stdout]).toEqual([0, expect.stringMatching(/\* builtin\/auto/)]);
});

test("a param that was mistyped is led to the right name", async () => {
  const { code, stderr } = await on("run", duck, "--param", "sed=7").ended;
  expect([code, stderr]).toEqual([4, expect.stringMatching(/Did you mean seed\?/)]);
});

describe("pictures come", () => {
  test("from a folder, a pattern and an address, several at once, with one line each and a sum", async () => {
    await mkdir(at("pictures"));
    await mkdir(at("meshes"));
    await mkdir(at("previews"));
    // The last two are this program's own, and no pictures to make meshes of.
    for (const name of ["a.png", "b.png", "a.preview.png", "b.texture.png"])
      await copyFile(duck, at("pictures", name));
    await writeFile(at("pictures", "notes.txt"), "none");
    const bytes = await readFile(duck);
    const page = createServer((_request, response) => response.end(bytes));
    await new Promise<void>((resolve) => page.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(page.address() as AddressInfo).port}/far.png`;
    const run = await on(
      "run",
      "pictures",
      "pictures/[ab].png",
      url,
      ...steps,
      "-o",
      "meshes",
      "--preview",
      "previews/",
    ).ended;
    page.close();
    expect(run.code, run.stderr).toBe(0);
    expect((await readdir(at("meshes"))).sort()).toEqual([
      "a-2.glb",
      "a.glb",
      "b-2.glb",
      "b.glb",
      "far.glb",
    ]);
    expect((await readdir(at("previews"))).sort()).toEqual(
      ["a-2", "a", "b-2", "b", "far"].map((name) => `${name}.preview.png`),
    );
    expect(run.stdout.trim().split("\n")).toHaveLength(5);
    expect(run.stderr).toMatch(/^\[[1-5]\/5\] pictures\/a\.png -> meshes\/a\.glb$/m);
    expect(run.stderr).toMatch(/5 made\./);
  });

  test("from stdin", async () => {
    expect(await piped(`run - -m test/steps -o stdin.glb < ${duck}`, "")).toBe(0);
    expect((await readFile(at("stdin.glb"))).toString("latin1", 0, 4)).toBe("glTF");
  });

  test("for several models, each in its own file", async () => {
    const run = await on("run", duck, "-m", "test/steps", "-m", "test/fail", "--json").ended;
    expect(run.code).toBe(5);
    const { result } = JSON.parse(run.stdout) as {
      result: { runs: { file?: string; status: string }[] };
    };
    expect(result.runs.map(({ file, status }) => [file, status])).toEqual([
      ["duck-test-steps.glb", "done"],
      [undefined, "error"],
    ]);
  });
});

test("--jsonl tells each event on a line", async () => {
  const { stdout } = await on("run", duck, ...steps, "-o", "events.glb", "--jsonl").ended;
  const events = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { event?: string; ok?: boolean });
  expect(events[0]).toMatchObject({ event: "created" });
  expect(events.at(-2)).toMatchObject({ event: "progress", run: { status: "done" } });
  expect(events.at(-1)).toMatchObject({ version: 1, ok: true });
});

test("--detach prints the id, wait and download take it up, cancel leaves it", async () => {
  const id = (await on("run", duck, ...steps, "--detach").ended).stdout.trim();
  const waited = await on("wait", id, "-o", "waited.stl", "--size", "3in").ended;
  expect([waited.code, waited.stdout], waited.stderr).toEqual([0, "waited.stl\n"]);
  expect((await on("download", id, "-o", "-").ended).stdout.slice(0, 4)).toBe("glTF");
  expect((await on("cancel", id).ended).stdout).toBe("done\n");
});

test("--on-interrupt detach leaves the run to the server", async () => {
  const slow = ["--param", "steps=500", "--on-interrupt", "detach"];
  const run = on("run", duck, ...steps, ...slow, "-o", "never.glb");
  const id = /Run (\S+) with/.exec(await run.said(/Run (\S+) with[^]*%/))![1]!;
  run.kill("SIGINT");
  expect((await run.ended).code).toBe(130);
  expect((await on("status", id).ended).stdout).toMatch(/^(running|pending)/);
  await on("cancel", id).ended;
});

test("a batch of 50 that is killed goes on where it was, and makes nothing twice", async () => {
  await mkdir(at("fifty"));
  await mkdir(at("fifty-out"));
  const bytes = await readFile(duck);
  for (let n = 0; n < 50; n++)
    await writeFile(at("fifty", `p${n}.png`), Buffer.concat([bytes, Buffer.from(String(n))]));
  const args = [
    "run",
    "fifty",
    ...steps,
    "--collection",
    "fifty",
    "-o",
    "fifty-out",
    "--manifest",
    "runs.jsonl",
  ];
  const first = on(...args, "--concurrency", "8", "--param", "step_ms=20");
  await first.said(/\[1[0-9]\/50\]/);
  first.kill("SIGKILL");
  await first.ended;
  expect((await on(...args, "--param", "step_ms=20").ended).code).toBe(2);
  const second = await on(...args, "--concurrency", "8", "--param", "step_ms=20", "--resume").ended;
  expect(second.code, second.stderr).toBe(0);
  expect(second.stderr).toMatch(/\d+ made, [1-4]\d made before\./);
  expect((await readdir(at("fifty-out"))).filter((name) => name.endsWith(".glb"))).toHaveLength(50);
  expect(await readdir(at("data", "workspace", "fifty"))).toHaveLength(50);
});

test("watch makes a mesh beside each new picture", async () => {
  await mkdir(at("watched"));
  const watch = on("watch", "watched/", ...steps);
  await watch.said(/Watching/);
  await copyFile(duck, at("watched", "new.png"));
  await expect.poll(() => readdir(at("watched")), { timeout: 30_000 }).toContain("new.glb");
  watch.kill("SIGINT");
  expect(await watch.ended).toMatchObject({ code: 0, stdout: "watched/new.glb\n" });
});

test("preview draws any mesh", async () => {
  await on("run", duck, ...steps, "-o", "seen.3mf", "--preview", "a.png").ended;
  await on("run", duck, ...steps, "-o", "seen.glb").ended;
  const { code, stdout } = await on("preview", "seen.glb", "-o", "b.png", "--width", "64").ended;
  expect([code, stdout]).toEqual([0, "b.png\n"]);
  for (const name of ["a.png", "b.png"])
    expect((await readFile(at(name))).toString("latin1", 1, 4)).toBe("PNG");
  expect((await on("preview", "a.png").ended).code).toBe(8);
});

test("models describes one with its parameters; doctor finds nothing wrong, or says what", async () => {
  expect((await on("models", "builtin/relief").ended).stdout).toMatch(
    /grid \(int, \d+\.\.\d+, default \d+\)/,
  );
  expect((await on("doctor").ended).code).toBe(0);
  const sick = await cli(["doctor", "--api-url", NOBODY]).ended;
  expect([sick.code, sick.stdout]).toEqual([3, expect.stringMatching(/WRONG Server at/)]);
});

test("a token comes from a file, and a wrong one is said", async () => {
  const bare = await startBareServer();
  await writeFile(at("token"), "secret\n");
  expect(
    (await cli(["status", "x", "--token-file", at("token"), "--api-url", bare.url]).ended).code,
  ).toBe(4);
  expect(
    (await cli(["status", "x", "--token-file", at("none"), "--api-url", bare.url]).ended).code,
  ).toBe(2);
  await bare.stop();
});
