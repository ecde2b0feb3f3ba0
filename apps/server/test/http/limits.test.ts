import { once } from "node:events";
import type { Socket } from "node:net";

import { expect, onTestFinished, test } from "vitest";

import { type App, openApp } from "../support/app.ts";
import { createHeld } from "../support/generators.ts";
import { heavyPicture, png } from "../support/pictures.ts";
import { dial, expectProblem, sendRaw } from "../support/raw.ts";

const MIB = 1024 ** 2;
const HELD = { model_id: "fake/held", params: "{}" };

async function startUpload(app: App): Promise<Socket> {
  const socket = dial(app.url);
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  socket.on("error", () => {});
  socket.write(
    "POST /workflow-runs/from-image HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n" +
      "Content-Type: multipart/form-data; boundary=b\r\n\r\n" +
      '--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n' +
      "Content-Type: image/png\r\n\r\nbytes",
  );
  return socket;
}

test("a picture may be as large as the limit, and not a byte more", async () => {
  const app = await openApp({ limits: { maxImageBytes: MIB } });
  await app.post({ file: heavyPicture(MIB) }).expect(200);
  const answer = await app.post({ file: heavyPicture(MIB + 1) });
  expect(expectProblem(answer)).toMatchObject({ status: 413, code: "image_too_large" });
  expect(answer.body.detail).toMatch(/larger than 1 MiB/);
  await expect.poll(async () => (await app.leftOnDisk()).uploads).toEqual([]);
});

test("a picture may have as many pixels as the limit", async () => {
  const app = await openApp({ limits: { maxPixels: 1e6 } });
  await app.post({ file: png(1000, 1000) }).expect(200);
  const answer = await app.post({ file: png(1001, 1000) });
  expect(expectProblem(answer)).toMatchObject({ status: 413, code: "image_too_large" });
  expect(answer.body.detail).toMatch(/1001 x 1000 pixels, more than 1 megapixels/);
});

test("a request that says it is larger than any create is refused before it is sent", async () => {
  const app = await openApp();
  const answer = await sendRaw(
    app.url,
    "POST /workflow-runs/from-image HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10000000000\r\n" +
      "Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n",
  );
  expect(expectProblem(answer)).toMatchObject({ status: 413, code: "request_too_large" });
});

test("params may be as long as the limit", async () => {
  const app = await openApp({ limits: { maxParamsBytes: 1024 } });
  const params = '{"steps":1,"step_ms":0}';
  await app.post({ fields: { params: params.padEnd(1024) } }).expect(200);
  const answer = await app.post({ fields: { params: params.padEnd(1025) } });
  expect(expectProblem(answer)).toMatchObject({ status: 413, code: "params_too_large" });
});

test("a full queue refuses, and takes again when there is room", async () => {
  const held = createHeld();
  const app = await openApp({ limits: { maxPending: 1 }, sources: [held.source] });
  const running = await app.create(HELD);
  await app.until(running, "running");
  const headers = { "Idempotency-Key": "waiting" };
  const { body } = await app.post({ fields: HELD, headers }).expect(200);
  const refused = await app.post({ fields: HELD });
  expect(expectProblem(refused)).toMatchObject({ status: 503, code: "queue_full" });
  expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);

  // The key is looked up inside the transaction: only a new run needs room.
  const again = await app.post({ fields: HELD, headers }).expect(200);
  expect(again.body.run_id).toBe(body.run_id);
  const other = await app.post({ fields: HELD, headers: { "Idempotency-Key": "new" } });
  expect(expectProblem(other)).toMatchObject({ status: 503, code: "queue_full" });
  await expect.poll(async () => (await app.leftOnDisk()).uploads).toHaveLength(2);

  held.runs.get(running)!.finish();
  await app.until(body.run_id as string, "running");
  await app.post({ fields: HELD }).expect(200);
});

test("a cancelled run gives its place in the queue back", async () => {
  const held = createHeld();
  const app = await openApp({ limits: { maxPending: 1 }, sources: [held.source] });
  await app.until(await app.create(HELD), "running");
  const waiting = await app.create(HELD);
  await app.post({ fields: HELD }).expect(503);
  await app.cancel(waiting);
  expect(await app.post({ fields: HELD })).toMatchObject({ status: 200 });
});

test("only so many uploads are under way at once", async () => {
  const app = await openApp({ limits: { maxUploads: 2 } });
  const uploads = [await startUpload(app), await startUpload(app)];
  await expect.poll(async () => (await app.leftOnDisk()).uploads).toHaveLength(2);
  const refused = await app.post();
  expect(expectProblem(refused)).toMatchObject({ status: 503, code: "too_many_uploads" });
  expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
  for (const upload of uploads) upload.destroy();
  await expect.poll(async () => (await app.post()).status).toBe(200);
});

test("a client that goes away half-way leaves no file", async () => {
  const app = await openApp({ limits: { maxUploads: 20 } });
  const uploads = await Promise.all(Array.from({ length: 20 }, () => startUpload(app)));
  await expect.poll(async () => (await app.leftOnDisk()).uploads).toHaveLength(20);
  uploads.forEach((socket, index) => (index % 2 === 0 ? socket.resetAndDestroy() : socket.end()));
  await expect.poll(async () => (await app.leftOnDisk()).uploads, { timeout: 10_000 }).toEqual([]);
  expect((await app.ended(await app.create())).status).toBe("done");
});

test("large pictures that come all at once arrive whole", async () => {
  const app = await openApp();
  const file = heavyPicture(8 * MIB);
  const fields = { model_id: "test/fingerprint", params: '{"step_ms":0}' };
  const answers = await Promise.all(Array.from({ length: 12 }, () => app.post({ file, fields })));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  const runs = await Promise.all(answers.map(({ body }) => app.ended(body.run_id as string)));
  const shas = new Set(runs.map(({ output_url }) => output_url?.slice(0, 80)));
  expect(shas.size).toBe(1);
});
