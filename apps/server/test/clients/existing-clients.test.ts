import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type ListeningServer, startServerProcess } from "../support/server-process.ts";

const PAGE = "https://page.example";
const ENDS = ["done", "error", "cancelled"];
const picture = () => readFile(new URL("../../../../examples/star.png", import.meta.url));

interface Json {
  readonly [key: string]: unknown;
}

/**
 * The calls that clients in the field make, one by one. None of them was asked to change for us.
 */
describe("clients that exist", () => {
  let dataDir: string;
  let server: ListeningServer;
  beforeAll(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), "modly-runs-clients-"));
    server = await startServerProcess({
      dataDir,
      args: ["--test-models", "--workers", "1", "--allow-origin", PAGE],
    });
  });
  afterAll(async () => {
    await server.kill("SIGTERM");
    await rm(dataDir, { recursive: true });
  });

  async function call(route: string, init: RequestInit = {}) {
    const response = await fetch(server.url + route, init);
    const json = response.headers.get("content-type")?.startsWith("application/json");
    return { response, body: (json ? await response.json() : {}) as Json };
  }
  async function form(fields: Json): Promise<FormData> {
    const sent = new FormData();
    sent.set(
      "image",
      new Blob([new Uint8Array(await picture())], { type: "image/png" }),
      "star.png",
    );
    for (const [name, value] of Object.entries(fields)) sent.set(name, String(value));
    return sent;
  }
  async function polled(runId: unknown, everyMs: number, init: RequestInit = {}): Promise<Json> {
    for (let left = 300; left > 0; left--) {
      const { response, body } = await call(`/workflow-runs/${String(runId)}`, init);
      expect(response.status).toBe(200);
      if (ENDS.includes(String(body["status"]))) return body;
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
    throw new Error("the run did not end");
  }

  it("a command line and MCP server: health, models, create, polls, cancel without a body", async () => {
    expect((await call("/health")).body["status"]).toBe("ok");
    const models = (await call("/model/all")).body as unknown as Json[];
    expect(models.map(({ id }) => id)).toContain("builtin/auto");

    const body = await form({ model_id: "builtin/auto" });
    const created = await call("/workflow-runs/from-image", { method: "POST", body });
    expect(created.body).toMatchObject({ status: "pending", run_id: expect.any(String) });
    const done = await polled(created.body["run_id"], 50);
    expect(done["status"]).toBe("done");
    const mesh = await fetch(server.url + String(done["output_url"]));
    expect(Buffer.from(await mesh.arrayBuffer()).toString("latin1", 0, 4)).toBe("glTF");

    const long = await form({ model_id: "test/steps", params: '{"steps":1000,"step_ms":50}' });
    const second = await call("/workflow-runs/from-image", { method: "POST", body: long });
    const cancel = await call(`/workflow-runs/${String(second.body["run_id"])}/cancel`, {
      method: "POST",
    });
    expect(cancel.body).toMatchObject({ status: "cancelled", cancelled: true });
  });

  it("a page in a browser: CORS, params of a model, workspace_path, export", async () => {
    const headers = { Origin: PAGE };
    const preflight = await call("/workflow-runs/from-image", {
      method: "OPTIONS",
      headers: {
        ...headers,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "idempotency-key, x-modly-token",
      },
    });
    expect(preflight.response.status).toBe(204);
    expect(preflight.response.headers.get("access-control-allow-origin")).toBe(PAGE);
    expect(preflight.response.headers.get("access-control-allow-headers")).toMatch(
      /idempotency-key/i,
    );

    const health = await call("/health", { headers });
    expect(health.response.headers.get("access-control-allow-origin")).toBe(PAGE);
    expect(health.body["status"]).toBe("ok");
    const params = (await call("/model/params?model_id=builtin/auto", { headers }))
      .body as unknown as Json[];
    expect(params[0]).toMatchObject({ id: expect.any(String), type: expect.any(String) });

    const unknown = await form({ model_id: "nobody/nothing" });
    const refused = await call("/workflow-runs/from-image", {
      method: "POST",
      headers,
      body: unknown,
    });
    expect(refused.body["detail"]).toMatch(/unknown model/i);
    expect(
      (await call("/workflow-runs/00000000-0000-4000-8000-000000000000", { headers })).response
        .status,
    ).toBe(404);

    const body = await form({ model_id: "builtin/inflate" });
    const created = await call("/workflow-runs/from-image", { method: "POST", headers, body });
    expect(created.response.headers.get("access-control-expose-headers")).toMatch(/location/i);
    const done = await polled(created.body["run_id"], 50, { headers });
    const { workspace_path } = done["scene_candidate"] as { workspace_path: string };
    const glb = await fetch(`${server.url}/export/glb?path=${encodeURIComponent(workspace_path)}`, {
      headers,
    });
    expect(glb.headers.get("content-type")).toBe("model/gltf-binary");
    expect(Buffer.from(await glb.arrayBuffer()).readUInt32LE(0)).toBe(0x46546c67);
  });

  it("an add-on for a 3D program: status of the model, a seed, export", async () => {
    expect((await call("/model/status")).body).toEqual({
      ...{ id: "builtin/auto", name: expect.any(String), downloaded: true, loaded: true },
    });
    for (const params of [
      '{"seed":42}',
      '{"remesh":"quad","enable_texture":true,"texture_resolution":1024}',
    ]) {
      const body = await form({ model_id: "builtin/relief", params });
      const created = await call("/workflow-runs/from-image", { method: "POST", body });
      const done = await polled(created.body["run_id"], 50);
      const workspacePath = String(done["output_url"]).replace("/workspace/", "");
      const stl = await fetch(`${server.url}/export/stl?path=${workspacePath}`);
      const bytes = Buffer.from(await stl.arrayBuffer());
      expect(bytes).toHaveLength(84 + 50 * bytes.readUInt32LE(80));
    }
  });

  it("Prometheus and a reader of the API find theirs", async () => {
    const metrics = await fetch(`${server.url}/metrics`);
    expect(metrics.headers.get("content-type")).toMatch(/^text\/plain/);
    expect(await metrics.text()).toMatch(/modly_runs_queue_length \d/);
    expect((await call("/openapi.json")).body["openapi"]).toBe("3.1.0");
    const page = await (await fetch(`${server.url}/docs`)).text();
    for (const [, file] of page.matchAll(/(?:src|href)="(\/docs\/[^"]+)"/g))
      expect((await (await fetch(server.url + file!)).blob()).size).toBeGreaterThan(10);
    expect(page).not.toMatch(/https?:\/\//);
  });
});
