import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync, readSync, statSync } from "node:fs";
import { mkdir, realpath, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { createLogDestination } from "../../src/log-destination.ts";
import { scratch } from "../support/app.ts";
import { createTo, untilEnded } from "../support/creates.ts";
import { dial, get } from "../support/raw.ts";
import { startServerProcess } from "../support/server-process.ts";

/** Starts a server that logs every request to this descriptor. */
async function startLogging(stderr: number) {
  const server = await startServerProcess({
    dataDir: await scratch(),
    args: ["--test-models", "--without-builtin", "--log-level=debug"],
    stderr,
  });
  onTestFinished(async () => void (await server.kill()));
  return server;
}

async function expectService(url: string): Promise<void> {
  const { runId } = await createTo(url, { fields: { params: '{"steps":1,"step_ms":0}' } });
  expect((await untilEnded(url, runId)).status).toBe("done");
}

test("a log that can't be written costs no run", async () => {
  const full = openSync("/dev/full", "w");
  onTestFinished(() => closeSync(full));
  const { url, kill } = await startLogging(full);
  await expectService(url);
  await expectService(url);
  expect(await kill("SIGTERM")).toEqual({ code: 0, signal: null });
});

test("a reader of the log that stalls holds up nothing, and hears how much it missed", async () => {
  const fifo = path.join(await scratch(), "log");
  execFileSync("mkfifo", [fifo]);
  const end = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(end));
  const { url, kill } = await startLogging(end);

  // Each is a line of about 400 bytes: far more than the pipe and the server will hold.
  const target = `/${"x".repeat(190)}`;
  const knock = async () => {
    const socket = dial(url);
    const kept = get(target, { Connection: "keep-alive" });
    socket.write(kept.repeat(329) + get(target));
    socket.resume();
    await once(socket, "end");
  };
  await Promise.all(Array.from({ length: 10 }, knock));
  await expectService(url);

  let text = "";
  const page = Buffer.alloc(64 * 1024);
  const readOn = () => {
    try {
      text += page.toString("utf8", 0, readSync(end, page));
    } catch {
      // Nothing there for the moment.
    }
    return text;
  };
  await expect.poll(readOn, { interval: 1, timeout: 20_000 }).toContain("log lines were dropped");
  const lines = text.split("\n").filter((line) => line.endsWith("}"));
  const notice = lines.map((line) => JSON.parse(line) as { dropped?: number });
  expect(notice.find(({ dropped }) => dropped !== undefined)?.dropped).toBeGreaterThan(0);
  expect(await kill("SIGTERM")).toEqual({ code: 0, signal: null });
});

test("a log into a pipe leaves Node's search for modules as it was", async () => {
  // Node 20 follows no link while the file that was looked at last is a pipe, and then a built server
  // finds no part of what pnpm installed.
  const home = await realpath(await scratch());
  const [app, store] = [path.join(home, "app"), path.join(home, "store")];
  await mkdir(path.join(app, "node_modules"), { recursive: true });
  await mkdir(store);
  await symlink(store, path.join(app, "node_modules", "part"));
  for (const folder of [app, store]) await writeFile(path.join(folder, "index.js"), "");
  const fifo = path.join(home, "log");
  execFileSync("mkfifo", [fifo]);
  const pipe = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(pipe));
  const { resolve } = createRequire(path.join(app, "index.js"));
  expect(resolve("./index.js")).toBe(path.join(app, "index.js"));
  // What was looked at before, as by who took away the pipes of other tests, is no matter of this one.
  expect(statSync(app).isDirectory()).toBe(true);

  createLogDestination(pipe);

  expect(resolve("part")).toBe(path.join(store, "index.js"));
});
