import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { createClient } from "../../src/client/index.ts";
import { Run } from "../../src/index.ts";

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "modly-runs-client-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** A client whose server is a function of a request. */
const over = (answer: (request: Request) => Response | Promise<Response>, token?: string) =>
  createClient({
    baseUrl: "http://server.test/prefix/",
    token,
    fetch: async (url, init) => answer(new Request(url, init)),
  });
const json = (body: unknown, status = 200) => Response.json(body, { status });

describe("create", () => {
  const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

  test("sends the fields, the token and the key, and labels the picture by its bytes", async () => {
    const file = path.join(dir, "picture.txt");
    await writeFile(file, png);
    for (const image of [file, png, Buffer.from(png), new Blob([png])]) {
      const client = over(async (request) => {
        expect(request.url).toBe("http://server.test/prefix/workflow-runs/from-image");
        expect(request.headers.get("authorization")).toBe("Bearer secret");
        expect(request.headers.get("idempotency-key")).toBe("k");
        const form = await request.formData();
        expect(form.get("params")).toBe('{"seed":1}');
        expect((form.get("image") as File).type).toBe("image/png");
        return json({ run_id: "r1", status: "pending" }, 202);
      }, "secret");
      const created = await client.create({
        image,
        modelId: "a/b",
        params: { seed: 1 },
        idempotencyKey: "k",
      });
      expect(created).toMatchObject({ ok: true, value: { run_id: "r1" } });
    }
  });

  test.each([
    [
      json({ detail: "Unknown model ID x", code: "unknown_model" }, 400),
      { code: "refused", status: 400, reason: "unknown_model", message: "Unknown model ID x" },
    ],
    [
      json({ detail: [{ loc: ["body", "model_id"], msg: "field required" }] }, 422),
      { code: "refused", message: "model_id: field required" },
    ],
    [new Response("<html>", { status: 502 }), { code: "refused", status: 502 }],
    [new Response("<html>"), { code: "unexpected" }],
    [json({ run_id: "../x" }), { code: "unexpected" }],
  ])("gives a refusal as a value", async (answer, failure) => {
    const created = await over(() => answer).create({ image: png, modelId: "x" });
    expect(created).toMatchObject({ ok: false, failure });
  });

  test("of a picture that is not there is a value too", async () => {
    const created = await over(() => json({})).create({
      image: path.join(dir, "none.png"),
      modelId: "x",
    });
    expect(created).toMatchObject({ ok: false, failure: { code: "local_file" } });
  });
});

test("a connection that breaks is told from a server that is silent", async () => {
  const client = over(() => {
    throw new TypeError("fetch failed", {
      cause: Object.assign(new Error("broken"), { code: "EPIPE" }),
    });
  });
  expect(await client.get("r1")).toMatchObject({
    failure: { code: "unreachable", message: expect.stringContaining("did not answer (EPIPE)") },
  });
});

test("a URL that can't be a server's is a mistake", () => {
  for (const baseUrl of ["nowhere", "ftp://x", "http://me:secret@x"]) {
    expect(() => createClient({ baseUrl })).toThrow(TypeError);
  }
});

test.each([200, 202])("cancel accepts %i, with or without `cancelled`", async (status) => {
  for (const answer of [{ run_id: "r1", status: "cancelled" }, { cancelled: true }]) {
    expect(await over(() => json(answer, status)).cancel("r1")).toEqual({
      ok: true,
      value: answer,
    });
  }
});

describe("download", () => {
  const run = Run.parse({
    run_id: "r1",
    status: "done",
    progress: 100,
    step: null,
    output_url: "/workspace/Default/a #1.glb",
    error: null,
    scene_candidate: { workspace_path: "Default/a #1.glb", more: 1 },
  });
  const glb = new Uint8Array(32);
  glb.set(new TextEncoder().encode("glTF"));
  new DataView(glb.buffer).setUint32(8, glb.length, true);

  test("writes the whole file and nothing beside it", async () => {
    const to = path.join(dir, "whole.glb");
    const client = over((request) => {
      expect(request.url).toBe("http://server.test/prefix/workspace/Default/a%20%231.glb");
      return new Response(glb);
    });
    expect(await client.download(run, to)).toEqual({ ok: true, value: { bytes: 32 } });
    expect([...(await readFile(to))]).toEqual([...glb]);
  });

  test.each([
    ["a page", new TextEncoder().encode("<html>no mesh at all</html>")],
    ["half a mesh", glb.subarray(0, 20)],
    ["half a head", glb.subarray(0, 7)],
    ["nothing", new Uint8Array()],
  ])("leaves the file as it was when %s comes", async (name, bytes) => {
    const to = path.join(dir, `${name}.glb`);
    await writeFile(to, "before");
    const saved = await over(() => new Response(bytes.slice())).download(run, to);
    expect(saved).toMatchObject({ ok: false, failure: { code: "broken_mesh" } });
    expect(await readFile(to, "utf8")).toBe("before");
    expect((await readdir(dir)).filter((entry) => entry.endsWith(".part"))).toEqual([]);
  });

  test("that breaks is taken up where it was, by Range", async () => {
    const to = path.join(dir, "resumed.glb");
    const asked: (string | null)[] = [];
    let sent = false;
    const client = over((request) => {
      asked.push(request.headers.get("range"));
      const etag = { etag: '"v1"' };
      if (asked.length === 1) {
        const broken = new ReadableStream<Uint8Array>({
          pull(controller) {
            if (!sent) controller.enqueue(glb.slice(0, 20));
            else controller.error(new TypeError("terminated"));
            sent = true;
          },
        });
        return new Response(broken, { headers: { ...etag, "content-length": "32" } });
      }
      expect(request.headers.get("if-range")).toBe('"v1"');
      return new Response(glb.slice(20), { status: 206, headers: etag });
    });
    expect(await client.download(run, to)).toEqual({ ok: true, value: { bytes: 32 } });
    expect(asked).toEqual([null, "bytes=20-"]);
    expect([...(await readFile(to))]).toEqual([...glb]);
  });

  test.each([
    ["the same, goes on with it by Range", '"v1"', [null, "bytes=20-"]],
    ["another, fetches it anew", '"v2"', [null, "bytes=20-", null]],
  ])(
    "that was left takes up what is there, and where the mesh is %s",
    async (name, now, ranges) => {
      const folder = path.join(dir, name);
      await mkdir(folder);
      const to = path.join(folder, "left.glb");
      const stop = new AbortController();
      const asked: (string | null)[] = [];
      const client = over((request) => {
        asked.push(request.headers.get("range"));
        if (asked.length === 1) {
          const breaks = new ReadableStream<Uint8Array>({
            start: (controller) => controller.enqueue(glb.slice(0, 20)),
            pull: (controller) => {
              stop.abort();
              controller.error(new TypeError("terminated"));
            },
          });
          return new Response(breaks, { headers: { etag: '"v1"', "content-length": "32" } });
        }
        const fits = request.headers.get("if-range") === now;
        const etag = { etag: now };
        return fits
          ? new Response(glb.slice(20), { status: 206, headers: etag })
          : new Response(glb, { headers: etag });
      });
      const left = await client.download(run, to, { signal: stop.signal });
      expect(left).toMatchObject({ ok: false, failure: { code: "aborted" } });
      expect(existsSync(to)).toBe(false);
      expect(await client.download(run, to)).toMatchObject({ ok: true });
      expect(asked).toEqual(ranges);
      expect([...(await readFile(to))]).toEqual([...glb]);
      expect(await readdir(folder)).toEqual(["left.glb"]);
    },
  );

  test("in another format asks for it with its size", async () => {
    const client = over((request) => {
      expect(new URL(request.url).search).toBe("?path=Default%2Fa+%231.glb&size_mm=80");
      return new Response("solid");
    });
    const to = path.join(dir, "a.stl");
    expect(await client.export(run, to, { format: "stl", sizeMm: 80 })).toMatchObject({ ok: true });
    expect(await readFile(to, "utf8")).toBe("solid");
  });

  test("fills a stream and closes it, or aborts it", async () => {
    const chunks: Uint8Array[] = [];
    let end = "";
    const sink = () =>
      new WritableStream<Uint8Array>({
        write: (chunk) => void chunks.push(chunk),
        close: () => void (end = "closed"),
        abort: () => void (end = "aborted"),
      });
    await over(() => new Response(glb)).download(run, sink());
    expect([Buffer.concat(chunks).length, end]).toEqual([32, "closed"]);
    await over(() => new Response(glb.slice(0, 20))).download(run, sink());
    expect(end).toBe("aborted");
  });

  test("says what it can't write, and what is not done", async () => {
    const client = over(() => new Response(glb));
    expect(await client.download(run, path.join(dir, "no", "a.glb"))).toMatchObject({
      failure: { code: "local_file" },
    });
    const cancelled = Run.parse({
      ...run,
      status: "cancelled",
      output_url: null,
      scene_candidate: null,
    });
    expect(await client.download(cancelled, dir)).toMatchObject({ failure: { code: "not_done" } });
  });
});
