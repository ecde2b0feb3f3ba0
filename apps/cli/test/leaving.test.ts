// Where a run is left to itself, the last line says how to take it up. Here that line is typed as it stands.
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { promisify } from "node:util";

import { afterAll, beforeAll, expect, test } from "vitest";

import { cleanEnv, cli, type Ended, NOBODY, root, scratch, startOurServer } from "./processes.ts";

const exec = promisify(execFile);
const duck = path.join(root, "examples", "duck.png");
const slow = ["-m", "test/steps", "--param", "steps=40", "--param", "step_ms=50"];
const endless = ["-m", "test/steps", "--param", "steps=1000"];
let home: Awaited<ReturnType<typeof scratch>>;
beforeAll(async () => {
  home = await scratch();
});
afterAll(() => home.remove());

const env = () => ({
  ...cleanEnv(home.dir),
  MODLY_RUNS_PORT: new URL(NOBODY).port,
  MODLY_RUNS_TEST_MODELS: "true",
  MODLY_RUNS_PATIENCE: "1",
});
const on = (...args: string[]) => cli(args, { cwd: home.dir, env: env() });

/** The commands that were advised, in the order in which they stand. */
const advised = ({ stderr }: Ended) => [...stderr.matchAll(/`([^`]+)`/g)].map(([, line]) => line!);

async function type(line: string | undefined): Promise<string> {
  const { stdout } = await exec("bash", ["-c", line ?? "false"], { cwd: home.dir, env: env() });
  return stdout;
}

test("a server dies for good: the last line takes the run up when it is back", async () => {
  const data = path.join(home.dir, "served");
  const first = await startOurServer(data);
  let second: typeof first | undefined;
  try {
    const run = on(
      "run",
      duck,
      ...slow,
      "-o",
      "duck.stl",
      "--size",
      "80mm",
      "--api-url",
      first.url,
    );
    await run.said(/Step [2-9]/);
    await first.kill();
    const ended = await run.ended;
    expect(ended.code, ended.stderr).toBe(3);
    expect(ended.stderr).toMatch(/does not answer\. Trying again for 1 s; the run is not lost/);
    const last = ended.stderr.trim().split("\n").at(-1);
    expect(last).toMatch(/`[^`]+ wait [\w-]+ -o duck\.stl --size 80mm --api-url [^`]+`\.$/);

    second = await startOurServer(data, Number(new URL(first.url).port));
    expect(await type(advised(ended).at(-1))).toBe("duck.stl\n");
    const stl = await readFile(path.join(home.dir, "duck.stl"));
    expect(stl).toHaveLength(84 + stl.readUInt32LE(80) * 50);
  } finally {
    await first.kill();
    await second?.stop();
  }
});

test("our own server dies: the run is taken up by the next one", async () => {
  const run = on("run", duck, ...slow, "-o", "own.glb");
  await run.said(/Step [2-9]/);
  const { stdout: children } = await exec("pgrep", ["-P", String(run.pid)]);
  process.kill(Number(children), "SIGKILL");
  const ended = await run.ended;
  expect([ended.code, ended.stderr]).toEqual([
    3,
    expect.stringMatching(/Our own server ended \(SIGKILL\)/),
  ]);
  expect(await type(advised(ended).at(-1))).toBe("own.glb\n");
});

test("--timeout with our own server: what it advises finds the run on the next one", async () => {
  const ended = await on("run", duck, ...endless, "--timeout", "1").ended;
  expect([ended.code, ended.stderr]).toEqual([7, expect.stringMatching(/keeps? it/)]);
  const [cancel] = advised(ended);
  expect(await type(cancel)).toBe("cancelled\n");
});

test("a run is found by the beginning of its id, on the server where it was started", async () => {
  const server = await startOurServer(path.join(home.dir, "elsewhere"));
  try {
    const at = ["--api-url", server.url];
    const id = (await on("run", duck, ...endless, "--detach", ...at).ended).stdout.trim();
    expect((await on("status", id.slice(0, 13)).ended).stdout).toMatch(/^(running|pending)/);
    expect((await on("cancel", id.slice(0, 13)).ended).stdout).toBe("cancelled\n");
    expect((await on("list").ended).stdout).toMatch(new RegExp(`${id} +cancelled`));
  } finally {
    await server.stop();
  }
});

test("what is no server of runs is told from one", async () => {
  const page = createServer((request, response) =>
    request.resume().on("end", () => response.end("<html>")),
  );
  await new Promise<void>((resolve) => page.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(page.address() as AddressInfo).port}`;
  for (const args of [
    ["status", "x"],
    ["run", duck, "-m", "a/b"],
  ]) {
    const { code, stderr } = await on(...args, "--api-url", url).ended;
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/Is http:\S+ a server of workflow runs\?/),
    ]);
  }
  page.close();
});
