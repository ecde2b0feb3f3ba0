// Nobody started a server: the command brings its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { text } from "node:stream/consumers";

import { STLLoader } from "three/addons/loaders/STLLoader.js";
import { afterAll, beforeAll, expect, test } from "vitest";

import { cleanEnv, cli, command, NOBODY, root, scratch, startOurServer } from "./processes.ts";

const duck = path.join(root, "examples", "duck.png");
let home: Awaited<ReturnType<typeof scratch>>;
beforeAll(async () => {
  home = await scratch();
});
afterAll(() => home.remove());

const alone = () => ({
  ...cleanEnv(home.dir),
  MODLY_RUNS_PORT: new URL(NOBODY).port,
  MODLY_RUNS_TEST_MODELS: "true",
});
const ownUrl = /It listens on (http:\S+)\./;
const isGone = (url: string) =>
  fetch(url).then(
    () => false,
    () => true,
  );

test("run makes an STL of the size that was asked for, and leaves no server behind", async () => {
  const file = path.join(home.dir, "duck.stl");
  const { code, stdout, stderr } = await cli(["run", duck, "-v", "-o", file, "--size", "80mm"], {
    env: alone(),
  }).ended;
  expect([code, stdout], stderr).toEqual([0, `${file}\n`]);
  expect(stderr).toMatch(/80 x [\d.]+ x [\d.]+ mm, [\d,]+ triangles, watertight\./);
  const bytes = await readFile(file);
  const geometry = new STLLoader().parse(new Uint8Array(bytes).buffer);
  geometry.computeBoundingBox();
  const { min, max } = geometry.boundingBox!;
  expect(Math.max(max.x - min.x, max.y - min.y, max.z - min.z)).toBeCloseTo(80, 3);
  expect(min.z).toBeCloseTo(0, 3);
  expect(await isGone(ownUrl.exec(stderr)![1]!)).toBe(true);
  // What was made is remembered, and still on the next server of ours.
  const listed = await cli(["list", "--json"], { env: alone() }).ended;
  const [entry] = (JSON.parse(listed.stdout) as { result: { runs: { run_id: string }[] } }).result
    .runs;
  expect(entry).toMatchObject({ status: "done", file });
  // A picture of the same name stays as it is: the texture has a name of its own.
  const again = path.join(home.dir, "again.obj");
  await writeFile(path.join(home.dir, "again.jpg"), "a picture");
  const fetched = await cli(["download", entry!.run_id, "-o", again], { env: alone() }).ended;
  expect([fetched.code, fetched.stdout], fetched.stderr).toEqual([0, `${again}\n`]);
  expect(await readFile(path.join(home.dir, "again.mtl"), "utf8")).toMatch(
    /map_Kd again\.texture\.jpg/,
  );
});

test("where another server works on the usual data it takes data of its own", async () => {
  const data = path.join(home.dir, "data", "modly-runs");
  const server = await startOurServer(data);
  try {
    const file = path.join(home.dir, "beside.glb");
    const run = await cli(["run", duck, "-m", "test/steps", "-o", file], { env: alone() }).ended;
    expect([run.code, run.stdout], run.stderr).toEqual([0, `${file}\n`]);
    expect(run.stderr).toMatch(/data of its own/);
  } finally {
    await server.stop();
  }
});

test("its own server ends with it, also when it is killed", async () => {
  const watch = cli(["watch", home.dir, "-v", "--format", "ply"], { env: alone() });
  const url = ownUrl.exec(await watch.said(/Watching/))![1]!;
  expect(await isGone(url)).toBe(false);
  watch.kill("SIGKILL");
  await watch.ended;
  await expect.poll(() => isGone(url), { timeout: 30_000 }).toBe(true);
});

test("MODLY_API_URL and --api-url switch it off", async () => {
  const env = { ...alone(), MODLY_API_URL: NOBODY };
  const { code, stderr } = await cli(["run", duck, "-v"], { env }).ended;
  expect([code, stderr]).toEqual([3, expect.not.stringMatching(ownUrl)]);
});

test("Ctrl-C in a terminal cancels the run on its own server, then stops that", async () => {
  // A pseudo-terminal: the signal goes to the whole group of processes in front, as from a keyboard.
  const script = `
import os, pty, re, sys
pid, fd = pty.fork()
if pid == 0: os.execvp(sys.argv[1], sys.argv[1:])
seen, sent = b"", False
while True:
    try: data = os.read(fd, 65536)
    except OSError: break
    if not data: break
    seen += data
    if not sent and re.search(rb"Step [1-9]", seen):
        sent = True
        os.write(fd, b"\\x03")
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;
  const args = [
    "run",
    duck,
    "--verbose",
    "-m",
    "test/steps",
    "--param",
    "steps=500",
    "-o",
    path.join(home.dir, "no.glb"),
  ];
  const child = spawn("python3", ["-c", script, ...command, ...args], {
    env: alone(),
  });
  const [seen, [code]] = await Promise.all([text(child.stdout), once(child, "close")]);
  expect(seen).toContain("\r\u001B[K[-");
  expect(seen).toMatch(/Cancelling run/);
  expect([code, await isGone(ownUrl.exec(seen)![1]!)]).toEqual([6, true]);
});
