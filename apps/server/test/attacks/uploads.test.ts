import { once } from "node:events";

import { expect, onTestFinished, test } from "vitest";

import { createUploadPlaces } from "../../src/http/upload-places.ts";
import { openApp, scratch } from "../support/app.ts";
import { createTo } from "../support/creates.ts";
import { peakMiB } from "../support/memory.ts";
import { dial, expectProblem } from "../support/raw.ts";
import { startServerProcess } from "../support/server-process.ts";

const HEAD =
  "POST /workflow-runs/from-image HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n" +
  "Content-Type: multipart/form-data; boundary=b\r\n\r\n" +
  '--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n' +
  "Content-Type: image/png\r\n\r\nbytes";

async function open(url: string, bytes: string) {
  const socket = dial(url);
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.write(bytes);
  return socket;
}

test("uploads that hardly move do not keep others out", async () => {
  const app = await openApp({ limits: { maxUploads: 2 } });
  const slow = [await open(app.url, HEAD), await open(app.url, HEAD)];
  await expect.poll(async () => (await app.leftOnDisk()).uploads).toHaveLength(2);
  expect(expectProblem(await app.post()).code).toBe("too_many_uploads");
  await expect.poll(async () => (await app.post()).status, { timeout: 20_000 }).toBe(200);
  // The one that had to go was told why.
  const told = await Promise.race(
    slow.map(async (socket) => String(((await once(socket, "data")) as [Buffer])[0])),
  );
  expect(told).toMatch(/^HTTP\/1\.1 408 [\s\S]*arrives too slowly/);
});

test("an upload that has all but stopped is ended, also when there is room", () => {
  let clock = 0;
  const ended: string[] = [];
  const places = createUploadPlaces(2, () => clock);
  const uploader = (address: string) => ({ address, end: () => void ended.push(address) });
  const one = places.take(uploader("127.0.0.1"))!;
  one.arrived(10_000_000);
  places.take(uploader("127.0.0.2"));
  clock = 5000;
  expect(places.take(uploader("127.0.0.3"))).toBeDefined();
  expect(ended).toEqual(["127.0.0.2"]);
  // Those that move, and beginners, stay.
  expect(places.take(uploader("127.0.0.4"))).toBeUndefined();
  one.leave();
  one.leave();
  expect(places.take(uploader("127.0.0.4"))).toBeDefined();
});

test("one address has half of the places for uploads, this machine all", () => {
  const places = createUploadPlaces(4);
  const from = (address: string) => places.take({ address, end() {} }) !== undefined;
  expect([1, 2, 3].map(() => from("::ffff:192.0.2.1"))).toEqual([true, true, false]);
  expect(from("192.0.2.2")).toBe(true);
  expect(from("::ffff:127.0.0.1")).toBe(true);
  expect(from("127.0.0.1")).toBe(false);
});

test("connections that say nothing do not keep others out", async () => {
  const app = await openApp({ maxConnections: 8 });
  for (let count = 0; count < 8; count++) await open(app.url, "GET /health HT");
  for (let count = 0; count < 20; count++)
    expect((await fetch(`${app.url}/health`, { headers: { Connection: "close" } })).status).toBe(
      200,
    );
});

test("text that nobody asked for is not kept", async () => {
  const { url, pid, kill } = await startServerProcess({
    dataDir: await scratch(),
    args: ["--test-models", "--without-builtin"],
  });
  onTestFinished(async () => void (await kill()));
  await createTo(url);
  const before = peakMiB(pid);
  const names = Array.from({ length: 90 }, (_, index) => `field${index}`);
  const fields = Object.fromEntries(names.map((name) => [name, "x".repeat(256 * 1024)]));
  const creates = Array.from({ length: 24 }, async () => {
    // A client that sends on may find the connection closed before it reads why.
    const { status } = await createTo(url, { fields }).catch(() => ({ status: 413 }));
    return status;
  });
  expect(new Set(await Promise.all(creates))).toEqual(new Set([413]));
  expect(peakMiB(pid) - before).toBeLessThan(200);
  // The first may go over one of the connections that the refusals have closed.
  const next = () =>
    createTo(url).then(
      ({ status }) => status,
      (cause: unknown) => cause,
    );
  await expect.poll(next, { timeout: 20_000 }).toBe(200);
});
