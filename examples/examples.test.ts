import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";

import { afterAll, beforeAll, expect, test } from "vitest";

const duck = path.join(import.meta.dirname, "duck.png");
const fromSource = ["--conditions=@modly-runs/source", "--import", "tsx"];
let server: ChildProcess;
let url = "";
let dir = "";

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "modly-runs-examples-"));
  const args = [
    "--port",
    "0",
    "--data-dir",
    path.join(dir, "data"),
    "--log-level",
    "silent",
    "--test-models",
  ];
  server = spawn(process.execPath, ["apps/server/dist/main.js", ...args], {
    cwd: path.dirname(import.meta.dirname),
  });
  for await (const line of createInterface({ input: server.stdout! })) {
    url = /http:\/\/\S+/.exec(line)?.[0] ?? "";
    if (url) break;
  }
});

afterAll(async () => {
  if (server.exitCode === null) {
    server.kill("SIGTERM");
    await once(server, "exit");
  }
  await rm(dir, { recursive: true, force: true });
});

test.each([
  ["picture-to-mesh.sh", "sh", []],
  ["picture-to-mesh.ts", process.execPath, fromSource],
])("%s brings a mesh", async (name, command, before) => {
  const mesh = path.join(dir, `${name}.glb`);
  const child = spawn(command, [...before, path.join(import.meta.dirname, name), duck, mesh], {
    cwd: path.dirname(import.meta.dirname),
    env: { ...process.env, MODLY_API_URL: url, MODEL: "test/steps" },
  });
  const [said, out, [code]] = await Promise.all([
    text(child.stderr),
    text(child.stdout),
    once(child, "close"),
  ]);
  expect([code, said]).toEqual([0, expect.any(String)]);
  expect(out).toContain(mesh);
  expect((await readFile(mesh)).toString("latin1", 0, 4)).toBe("glTF");
});
