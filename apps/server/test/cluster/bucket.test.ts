import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import type { ListeningServer } from "../support/server-process.ts";
import { picture } from "../support/pictures.ts";
import { type FaultProxy, startFaultProxy } from "../support/services/fault-proxy.ts";
import { HAS_SERVICES, servicesForTests } from "../support/services/for-tests.ts";
import { filesUrlOf, type ObjectStorage, startObjectStorage } from "../support/services/s3.ts";
import { describeStoredMesh, type ServedMesh } from "../http/stored-mesh.contract.ts";
import { type Cluster, createAt, makeCluster, untilAt } from "./cluster.ts";

const isPicture = (key: string) => key.startsWith("uploads/");

describe.runIf(HAS_SERVICES)("API nodes and workers with their files in a bucket", () => {
  const bucket = `b-${randomUUID()}`;
  let storage: ObjectStorage;
  let proxy: FaultProxy;
  let cluster: Cluster;
  let one: ListeningServer;
  let other: ListeningServer;
  let mesh: ServedMesh;
  beforeAll(async () => {
    storage = await startObjectStorage();
    await storage.makeBucket(bucket);
    proxy = await startFaultProxy(storage.endpoint);
    const filesUrl = `${filesUrlOf(bucket, proxy.url)}&timeout=1s`;
    cluster = await makeCluster(await servicesForTests(), { filesUrl });
    [one, other] = await Promise.all([
      cluster.start("api"),
      cluster.start("api"),
      cluster.start("worker"),
    ]);
    const { output_url: target } = await meshOf(one);
    const answer = await fetch(other.url + target!);
    mesh = { base: one.url, target: target!, bytes: Buffer.from(await answer.arrayBuffer()) };
  });
  beforeEach(() => proxy.fail("none"));
  afterAll(async () => {
    await cluster.remove();
    await proxy.stop();
    await storage.stop();
  });

  async function keys(): Promise<string[]> {
    const answer = await fetch(`${storage.endpoint}/${bucket}?list-type=2`);
    return [...(await answer.text()).matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) => key);
  }
  async function meshOf(node: ListeningServer) {
    return untilAt(node, await createAt(node, {}, "test/sphere"), "done", "error");
  }

  describeStoredMesh("a bucket", () => mesh);

  it("serve what any of them took and made, and leave no picture", async () => {
    const run = await meshOf(one);
    const answer = await fetch(other.url + run.output_url!);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("model/gltf-binary");
    await answer.arrayBuffer();
    const target = `/export/stl?path=${encodeURIComponent(run.scene_candidate!.workspace_path)}`;
    expect((await fetch(other.url + target)).status).toBe(200);
    expect((await fetch(`${one.url}/workspace/Default/nobody.glb`)).status).toBe(404);
    await expect.poll(async () => (await keys()).filter(isPicture)).toEqual([]);
  });

  it.each(["500", "hang"] as const)(
    "say that they don't know while it answers with %s, and lose nothing",
    async (fault) => {
      const run = await meshOf(one);
      const working = await createAt(one, { steps: 1, step_ms: 1000 });
      await untilAt(one, working, "running", "error");
      proxy.fail(fault);
      const form = new FormData();
      form.set("image", new Blob([picture()], { type: "image/png" }), "p.png");
      form.set("model_id", "test/steps");
      const refused = await Promise.all([
        fetch(other.url + run.output_url!),
        fetch(`${one.url}/workflow-runs/from-image`, { method: "POST", body: form }),
      ]);
      for (const answer of refused) {
        expect(answer.status).toBe(503);
        expect(answer.headers.get("retry-after")).toMatch(/^\d+$/);
        expect(await answer.json()).toMatchObject({
          code: "storage_busy",
          detail: expect.stringContaining(
            "storage for pictures and meshes does not answer",
          ) as string,
        });
      }
      proxy.fail("none");
      expect(await untilAt(one, working, "done", "error")).toMatchObject({ status: "done" });
      expect((await fetch(other.url + run.output_url!)).status).toBe(200);
      await expect.poll(async () => (await keys()).filter(isPicture)).toEqual([]);
    },
  );
});
