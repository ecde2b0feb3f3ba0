import { execFileSync } from "node:child_process";
import { Agent, get as httpGet } from "node:http";

import { expect, onTestFinished, test } from "vitest";

import { scratch } from "../support/app.ts";
import { createTo, untilEnded } from "../support/creates.ts";
import { startServerProcess } from "../support/server-process.ts";

const limitHandles = (pid: number, most: string) =>
  execFileSync("prlimit", ["--pid", String(pid), `--nofile=${most}`]);

test("a server without file handles does not deny what is there", async () => {
  const { url, pid, kill } = await startServerProcess({
    dataDir: await scratch(),
    args: ["--test-models", "--without-builtin"],
  });
  onTestFinished(async () => void (await kill()));
  const { runId } = await createTo(url, { fields: { params: '{"steps":1,"step_ms":0}' } });
  const mesh = (await untilEnded(url, runId)).scene_candidate!.workspace_path;
  // One connection that is there already; another could not be taken.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const read = (target: string) =>
    new Promise<{ status: number; retryAfter: string | undefined }>((resolve, reject) => {
      httpGet(url + target, { agent }, (response) => {
        response.resume().once("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            retryAfter: response.headers["retry-after"],
          }),
        );
      }).once("error", reject);
    });
  const targets = [`/workspace/${mesh}`, `/export/glb?path=${mesh}`];
  for (const target of targets) expect((await read(target)).status).toBe(200);

  limitHandles(pid, "10:");
  for (const target of targets) {
    const answer = await read(target);
    expect(answer.status, target).toBe(503);
    expect(Number(answer.retryAfter)).toBeGreaterThan(0);
  }
  expect((await read("/workspace/Default/none.glb")).status).toBe(404);
  expect((await read(`/workflow-runs/${runId}`)).status).toBe(200);

  limitHandles(pid, "1024:");
  for (const target of targets) expect((await read(target)).status).toBe(200);
});
