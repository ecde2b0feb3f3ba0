import { readFileSync } from "node:fs";

import { expect, onTestFinished, test } from "vitest";

import { scratch } from "../support/app.ts";
import { createTo, untilEnded } from "../support/creates.ts";
import { childrenOf, peakMiB } from "../support/memory.ts";
import { commentBomb, manyPages, picture } from "../support/pictures.ts";
import { startServerProcess } from "../support/server-process.ts";

const SECRET = "a-secret-of-the-server";

async function startServer() {
  const server = await startServerProcess({
    dataDir: await scratch(),
    args: ["--test-models", "--workers=1"],
    env: { MODLY_RUNS_TOKEN: SECRET, A_SHELLS_SECRET: "a-secret-of-the-shell" },
  });
  onTestFinished(async () => void (await server.kill()));
  return server;
}

test("pictures that go off when they are decoded go off in no process that serves", async () => {
  const { url, pid } = await startServer();
  const create = (file: Buffer) =>
    createTo(url, { file, token: SECRET, fields: { model_id: "test/steps" } });
  await create(picture());
  const before = peakMiB(pid);

  const bomb = commentBomb();
  expect(bomb.length).toBeLessThan(1024 ** 2);
  const answers = await Promise.all([
    ...Array.from({ length: 8 }, () => create(bomb)),
    create(manyPages(200_000)),
  ]);
  // Their headers are honest and small, so they are taken; nothing of them is looked at here.
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(peakMiB(pid) - before).toBeLessThan(150);
});

test("a picture that goes off in a child costs its run alone", async () => {
  const { url, pid } = await startServer();
  const fields = { model_id: "builtin/relief", params: '{"grid":128,"texture":64}' };
  const create = (file: Buffer) => createTo(url, { file, token: SECRET, fields });
  const { runId } = await create(commentBomb());
  const run = await untilEnded(url, runId, SECRET);
  expect(run.status).toBe("error");
  expect(run.error).toMatch(/took more than 2 GiB of memory/);
  expect(peakMiB(pid)).toBeLessThan(500);

  // The next picture finds a child as if nothing had been.
  const next = await create(readFileSync(new URL("../../../../examples/mug.png", import.meta.url)));
  expect((await untilEnded(url, next.runId, SECRET)).status).toBe("done");
});

test("a child that decodes finds no secret in its environment", async () => {
  const { pid } = await startServer();
  await expect.poll(() => childrenOf(pid).length, { timeout: 20_000 }).toBeGreaterThan(0);
  const [child] = childrenOf(pid);
  const environment = readFileSync(`/proc/${child}/environ`, "latin1");
  expect(environment).toContain("PATH=");
  expect(environment).not.toMatch(/secret|TOKEN/i);
});
