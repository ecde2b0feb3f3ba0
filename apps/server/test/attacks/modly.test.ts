import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

import { expect, onTestFinished, test } from "vitest";

import { scratch } from "../support/app.ts";
import { createTo, untilEnded } from "../support/creates.ts";
import { peakMiB } from "../support/memory.ts";
import { startServerProcess } from "../support/server-process.ts";

/** Something that listens where a Modly should. */
async function listenAs(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A port that nobody listens on: the system does not give it out again soon. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function startInFrontOf(url: string, args: readonly string[] = []) {
  const server = await startServerProcess({
    dataDir: await scratch(),
    args: ["--test-models", `--modly-url=${url}`, "--modly-patience=1", ...args],
  });
  onTestFinished(async () => void (await server.kill()));
  return server;
}

const modelsOf = async (url: string) => {
  const answer = await fetch(`${url}/model/all`);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { id: string }[]).map(({ id }) => id);
};

async function expectService(url: string): Promise<void> {
  expect(await modelsOf(url)).toEqual(expect.arrayContaining(["builtin/auto", "test/steps"]));
  const { runId } = await createTo(url, { fields: { params: '{"steps":1,"step_ms":0}' } });
  expect((await untilEnded(url, runId)).status).toBe("done");
}

const deep = "[".repeat(200_000) + "]".repeat(200_000);
const model = (id: unknown) => ({ id, name: "m", description: "", version: "1" });

const NONSENSE: [what: string, body: string][] = [
  ["an id that can't be sent", `[${JSON.stringify(model("\ud800"))}]`],
  ["rows of all kinds", JSON.stringify([null, 1, "x", [], {}, model(7), model("")])],
  ["nesting without end", deep],
  ["a row that nests without end", `[{"id":"a/b","name":${deep}}]`],
  ["megabytes", JSON.stringify(Array.from({ length: 100_000 }, (_, id) => model(`a/${id}`)))],
  ["no JSON", "<html>"],
  ["an object", '{"__proto__":{"id":1}}'],
];

test("a Modly that answers nonsense costs its own models only, at a start too", async () => {
  let body = "";
  const behind = await listenAs((_request, response) => {
    response.writeHead(200, { "Content-Type": "application/json" }).end(body);
  });
  for (const [what, nonsense] of NONSENSE.slice(0, 2)) {
    body = nonsense;
    const { url, kill } = await startInFrontOf(behind);
    await expectService(url).catch((cause: unknown) => {
      throw new Error(`with ${what}`, { cause });
    });
    await kill();
  }
  const { url } = await startInFrontOf(behind);
  for (const [, nonsense] of NONSENSE) {
    body = nonsense;
    await expectService(url);
  }
});

test("an answer without end is not kept", async () => {
  const chunk = Buffer.alloc(1024 ** 2, 0x20);
  const behind = await listenAs((_request, response) => {
    response.on("error", () => {}).on("drain", pour);
    function pour() {
      while (!response.destroyed && response.write(chunk));
    }
    pour();
  });
  const { url, pid } = await startInFrontOf(behind);
  await expectService(url);
  expect(peakMiB(pid)).toBeLessThan(500);
});

test("a mesh larger than allowed ends its run, and is not fetched whole", async () => {
  let sent = 0;
  const behind = await listenAs((request, response) => {
    request.resume();
    const json = (value: unknown) =>
      response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(value));
    const at = request.url ?? "";
    if (at === "/model/all") return json([model("big/mesh")]);
    if (at.startsWith("/model/params")) return json([]);
    if (at === "/generate/from-image") return json({ job_id: "job" });
    if (at.startsWith("/generate/status"))
      return json({ status: "done", progress: 100, output_url: "/workspace/Default/a.glb" });
    response.on("drain", pour);
    function pour() {
      while (!response.destroyed && response.write(Buffer.alloc(64 * 1024))) sent += 64 * 1024;
    }
    pour();
  });
  const { url } = await startInFrontOf(behind, ["--modly-max-mesh-mib=1"]);
  await expect.poll(() => modelsOf(url), { timeout: 10_000 }).toContain("big/mesh");
  const { runId } = await createTo(url, { fields: { model_id: "big/mesh" } });
  const run = await untilEnded(url, runId);
  expect(run.status).toBe("error");
  expect(run.error).toMatch(/larger than 1 MiB/);
  expect(sent).toBeLessThan(50 * 1024 ** 2);
});

test("a server that is pointed at itself says so, and goes round in no circle", async () => {
  const port = await freePort();
  const own = `http://localhost:${port}`;
  const server = await startServerProcess({
    dataDir: await scratch(),
    args: ["--test-models", `--port=${port}`, `--modly-url=${own}`, "--log-level=debug"],
  });
  onTestFinished(async () => void (await server.kill()));
  await expectService(server.url);
  const passed = await fetch(`${server.url}/settings/anything`);
  expect(passed.status).toBe(403);
  expect(await passed.text()).toMatch(/leads back to it/);
});
