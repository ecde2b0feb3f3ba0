import { readdir, readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";

import { expect, test } from "vitest";

import { cli, root, scratch, startOurServer } from "./processes.ts";

const duck = path.join(root, "examples", "duck.png");

test("run brings its mesh although the server is killed and started again", async () => {
  const { dir, remove } = await scratch();
  const data = path.join(dir, "data");
  const mesh = path.join(dir, "duck.glb");
  const first = await startOurServer(data);
  let second: typeof first | undefined;
  try {
    const slow = ["--model", "test/steps", "--param", "steps=20", "--param", "step_ms=50"];
    const run = cli(["run", duck, ...slow, "-o", mesh, "--api-url", first.url]);
    await run.said(/Step [2-9]/);
    await first.kill();
    second = await startOurServer(data, Number(new URL(first.url).port));
    const { code, stdout, stderr } = await run.ended;
    expect([code, stdout], stderr).toEqual([0, `${mesh}\n`]);
  } finally {
    await first.kill();
    await second?.stop();
    await remove();
  }
});

test("the second Ctrl-C leaves at once, also when the server is silent about the first", async () => {
  const running = {
    run_id: "r1",
    status: "running",
    progress: 5,
    step: "Working",
    output_url: null,
    error: null,
    scene_candidate: null,
  };
  const server = createServer((request, response) => {
    if (request.url?.endsWith("/cancel")) return;
    request.resume().on("end", () => response.end(JSON.stringify(running)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const run = cli(["run", duck, "-m", "a/b", "--api-url", `http://127.0.0.1:${port}`]);
    await run.said(/Working/);
    run.kill("SIGINT");
    await run.said(/again to leave at once/);
    run.kill("SIGINT");
    expect((await run.ended).code).toBe(130);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test("a download that was killed is taken up by the next process, by Range", async () => {
  const { dir, remove } = await scratch();
  const glb = Buffer.alloc(1 << 20, 7);
  [0x46546c67, 2, glb.length].forEach((word, at) => glb.writeUInt32LE(word, 4 * at));
  const half = glb.length / 2;
  const run = {
    run_id: "r1",
    status: "done",
    progress: 100,
    step: "Completed",
    output_url: "/workspace/Default/r1.glb",
    error: null,
    scene_candidate: { workspace_path: "Default/r1.glb" },
  };
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    if (!request.url?.startsWith("/workspace")) return response.end(JSON.stringify(run));
    const { range } = request.headers;
    asked.push(range);
    response.setHeader("etag", '"v1"');
    const from = Number(/\d+/.exec(range ?? "0")![0]);
    response.setHeader("content-length", glb.length - from);
    if (range) return response.writeHead(206).end(glb.subarray(from));
    return response.write(glb.subarray(0, half));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const at = ["--api-url", `http://127.0.0.1:${(server.address() as AddressInfo).port}`];
    const first = cli(["download", "r1", "-o", "r1.glb", ...at], { cwd: dir });
    await expect
      .poll(
        async () => {
          const [part] = await readdir(dir);
          return part === undefined ? 0 : (await stat(path.join(dir, part))).size;
        },
        { timeout: 60_000 },
      )
      .toBe(half);
    first.kill("SIGKILL");
    await first.ended;
    const second = await cli(["download", "r1", "-o", "r1.glb", ...at], { cwd: dir }).ended;
    expect([second.code, second.stdout], second.stderr).toEqual([0, "r1.glb\n"]);
    expect(asked).toEqual([undefined, `bytes=${half}-`]);
    expect(await readdir(dir)).toEqual(["r1.glb"]);
    expect(glb.equals(await readFile(path.join(dir, "r1.glb")))).toBe(true);
  } finally {
    server.closeAllConnections();
    server.close();
    await remove();
  }
});
