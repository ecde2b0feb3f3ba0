import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";

import { beforeAll, describe, expect, test } from "vitest";

import { type App, appForAll, scratch } from "../support/app.ts";
import { expectProblem, get, sendRaw } from "../support/raw.ts";

const shared = appForAll();
let app: App;
let url: string;
let bytes: Buffer;

beforeAll(async () => {
  app = shared();
  const run = await app.ended(await app.create());
  url = run.output_url!;
  bytes = readFileSync(path.join(app.workspaceDir, run.scene_candidate!.workspace_path));
});

const fetchMesh = (headers: Record<string, string> = {}) =>
  app
    .api()
    .get(url)
    .set(headers)
    .buffer()
    .parse((res, done) => {
      const chunks: Buffer[] = [];
      res.on("data", (chunk: Buffer) => chunks.push(chunk));
      res.on("end", () => done(null, Buffer.concat(chunks)));
    });

describe("a finished mesh", () => {
  test("comes whole, as what it is", async () => {
    const answer = await fetchMesh();
    expect(answer).toMatchObject({ status: 200, type: "model/gltf-binary" });
    expect(answer.body).toEqual(bytes);
    expect(answer.headers).toMatchObject({
      "accept-ranges": "bytes",
      "content-length": String(bytes.length),
      "x-content-type-options": "nosniff",
    });
    expect(answer.headers["etag"]).toMatch(/^"[^"]+"$/);
  });

  test("comes with HEAD as with GET, without its bytes", async () => {
    const got = await fetchMesh();
    const head = await app.api().head(url).expect(200);
    for (const name of ["etag", "content-type", "content-length", "accept-ranges", "last-modified"])
      expect(head.headers[name], name).toBe(got.headers[name]);
  });

  test.each<[range: string, from: number, to: number]>([
    ["bytes=0-3", 0, 4],
    ["bytes=4-", 4, Infinity],
    ["bytes=-5", -5, Infinity],
    ["bytes=0-999999", 0, Infinity],
  ])("comes in part: %s", async (range, from, to) => {
    const answer = await fetchMesh({ Range: range });
    expect(answer.status).toBe(206);
    expect(answer.body).toEqual(bytes.subarray(from, Math.min(to, bytes.length)));
    expect(answer.headers["content-range"]).toMatch(
      new RegExp(`^bytes \\d+-\\d+/${bytes.length}$`),
    );
  });

  test("has no part beyond its end", async () => {
    const answer = await app.api().get(url).set("Range", "bytes=999999-");
    expect(expectProblem(answer)).toMatchObject({ status: 416, code: "range_not_satisfiable" });
    expect(answer.headers["content-range"]).toBe(`bytes */${bytes.length}`);
  });

  test("is not sent twice to who has it", async () => {
    const { headers } = await fetchMesh();
    const etag = headers["etag"]!;
    expect((await fetchMesh({ "If-None-Match": etag })).status).toBe(304);
    expect((await fetchMesh({ "If-None-Match": '"other"' })).status).toBe(200);
    const same = await fetchMesh({ Range: "bytes=0-3", "If-Range": etag });
    const other = await fetchMesh({ Range: "bytes=0-3", "If-Range": '"other"' });
    expect([same.status, other.status]).toEqual([206, 200]);
  });

  test("is sent to whoever wants this one, and to nobody who wants another", async () => {
    const { headers } = await fetchMesh();
    const etag = headers["etag"]!;
    const modified = headers["last-modified"]!;
    const earlier = new Date(Date.parse(modified) - 60_000).toUTCString();
    const statusOf = async (wants: Record<string, string>) => (await fetchMesh(wants)).status;
    expect(await statusOf({ "If-Match": etag })).toBe(200);
    expect(await statusOf({ "If-Match": `"a", ${etag}` })).toBe(200);
    expect(await statusOf({ "If-Match": "*" })).toBe(200);
    expect(await statusOf({ "If-Unmodified-Since": modified })).toBe(200);
    expect(await statusOf({ "If-Modified-Since": modified })).toBe(304);
    expect(await statusOf({ "If-Modified-Since": earlier })).toBe(200);
    expect(await statusOf({ Range: "bytes=0-3", "If-Match": etag })).toBe(206);
    expect(await statusOf({ Range: "bytes=0-3", "If-Range": modified })).toBe(206);
    expect(await statusOf({ Range: "bytes=0-3", "If-Range": earlier })).toBe(200);
    for (const wants of [{ "If-Match": '"other"' }, { "If-Unmodified-Since": earlier }]) {
      const answer = await app.api().get(url).set(wants);
      expect(expectProblem(answer)).toMatchObject({ status: 412, code: "precondition_failed" });
      expect(answer.headers["etag"]).toBeUndefined();
    }
  });

  test("comes whole where parts are asked for in a way that nobody has to know", async () => {
    for (const range of ["bytes=0-1,4-5", "lines=1-2"])
      expect((await fetchMesh({ Range: range })).body, range).toEqual(bytes);
  });

  test("is bytes when nobody knows its kind, so that no browser runs it", async () => {
    writeFileSync(path.join(app.workspaceDir, "Default", "page.html"), "<script>alert(1)</script>");
    const answer = await app.api().get("/workspace/Default/page.html");
    expect(answer).toMatchObject({ status: 200, type: "application/octet-stream" });
    expect(answer.headers["x-content-type-options"]).toBe("nosniff");
  });
});

describe("what is not in the workspace", () => {
  /** Spellings of a way out, and of places that are no file. */
  const SPELLINGS = [
    "/workspace/../runs.db",
    "/workspace/../../etc/passwd",
    "/workspace/Default/../../runs.db",
    "/workspace/%2e%2e/runs.db",
    "/workspace/%2e%2e%2fruns.db",
    "/workspace/..%2fruns.db",
    "/workspace/%252e%252e%252fruns.db",
    "/workspace/..%5cruns.db",
    "/workspace/..\\runs.db",
    "/workspace//etc/passwd",
    "/workspace/%2fetc%2fpasswd",
    "/workspace/C:/Windows/win.ini",
    "/workspace/C:%5cWindows%5cwin.ini",
    "/workspace/%5c%5chost%5cshare%5cfile",
    "/workspace//host/share/file",
    "/workspace/..%00/runs.db",
    "/workspace/Default/a.glb%00.png",
    "/workspace/....//runs.db",
    "/workspace/..;/runs.db",
    "/workspace/%c0%ae%c0%ae/runs.db",
    "/workspace/%ff",
    "/workspace/./runs.db",
    "/workspace/Default/.hidden",
    "/workspace/NUL",
    "/workspace/Default/con.glb",
    "/workspace/",
    "/workspace",
    "/workspace/Default",
    "/workspace/Default/",
    "/workspace/Default/nobody.glb",
    `/workspace/${"a/".repeat(500)}b`,
  ];

  test("is refused in every spelling, and nothing is told", async () => {
    writeFileSync(path.join(app.workspaceDir, "Default", ".hidden"), "hidden");
    for (const target of SPELLINGS) {
      const answer = await sendRaw(app.url, get(target));
      expect([400, 404], target).toContain(answer.status);
      expectProblem(answer);
    }
  });

  test("a link that leads out is no file, one that stays inside is", async () => {
    const outside = await scratch();
    writeFileSync(path.join(outside, "secret.glb"), "secret");
    const collection = path.join(app.workspaceDir, "Default");
    symlinkSync(path.join(outside, "secret.glb"), path.join(collection, "link.glb"));
    symlinkSync(outside, path.join(app.workspaceDir, "Linked"));
    symlinkSync("/etc", path.join(collection, "etc"));
    symlinkSync(path.basename(url), path.join(collection, "inside.glb"));
    symlinkSync("loop.glb", path.join(collection, "loop.glb"));
    const found = async (target: string) => (await sendRaw(app.url, get(target))).status;
    expect(await found("/workspace/Default/link.glb")).toBe(404);
    expect(await found("/workspace/Linked/secret.glb")).toBe(404);
    expect(await found("/workspace/Default/etc/passwd")).toBe(404);
    expect(await found("/workspace/Default/loop.glb")).toBe(404);
    expect(await found("/workspace/Default/inside.glb")).toBe(200);
  });

  test("a collection that is a link out takes no mesh", async () => {
    const outside = await scratch();
    mkdirSync(path.join(outside, "target"));
    symlinkSync(path.join(outside, "target"), path.join(app.workspaceDir, "Out"));
    const run = await app.ended(
      await app.create({ params: '{"steps":1,"step_ms":0}', collection: "Out" }),
    );
    expect(run.status).toBe("error");
    expect(run.error).toMatch(/could not be put into the workspace/);
    expect((await app.ended(await app.create())).status).toBe("done");
  });
});
