import { once } from "node:events";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { scratch } from "../support/app.ts";
import { createTo, untilEnded } from "../support/creates.ts";
import { dial } from "../support/raw.ts";
import { startServerProcess } from "../support/server-process.ts";

test("a picture that can't be removed ends no server", async () => {
  const dataDir = await scratch();
  const server = await startServerProcess({
    dataDir,
    args: ["--test-models", "--without-builtin", "--log-level=warn"],
  });
  onTestFinished(async () => void (await server.kill()));
  const uploads = path.join(dataDir, "uploads");
  const boundary =
    '--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n' +
    "Content-Type: image/png\r\n\r\nno picture";
  const end = "\r\n--b--\r\n";
  const socket = dial(server.url);
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  socket.write(
    "POST /workflow-runs/from-image HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" +
      `Content-Length: ${boundary.length + end.length}\r\n` +
      `Content-Type: multipart/form-data; boundary=b\r\n\r\n${boundary}`,
  );
  await expect.poll(() => readdirSync(uploads)).toHaveLength(1);
  // What `unlink` can't remove: a directory in the picture's place.
  const place = path.join(uploads, readdirSync(uploads)[0]!);
  rmSync(place);
  mkdirSync(place);
  socket.resume().write(end);
  await once(socket, "close");

  await expect.poll(() => server.stderr()).toMatch(/a picture that nobody needs stays/);
  const { runId } = await createTo(server.url, { fields: { params: '{"steps":1,"step_ms":0}' } });
  expect((await untilEnded(server.url, runId)).status).toBe("done");
});

test("a terminal that is closed stops the server gracefully, and costs no attempt", async () => {
  const dataDir = await scratch();
  const args = ["--test-models", "--without-builtin", "--max-attempts=1", "--stop-grace=1"];
  const first = await startServerProcess({ dataDir, args });
  onTestFinished(async () => void (await first.kill()));
  const fields = { params: '{"steps":20,"step_ms":100}' };
  const { runId } = await createTo(first.url, { fields });
  await expect
    .poll(async () => (await (await fetch(`${first.url}/workflow-runs/${runId}`)).json()) as object)
    .toMatchObject({ status: "running" });
  expect(await first.kill("SIGHUP")).toEqual({ code: 0, signal: null });

  const second = await startServerProcess({ dataDir, args });
  onTestFinished(async () => void (await second.kill()));
  expect((await untilEnded(second.url, runId)).status).toBe("done");
});
