import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";

import { beforeAll, describe, expect, test } from "vitest";

import { type App, appForAll, scratch } from "../support/app.ts";
import { expectProblem, get, sendRaw } from "../support/raw.ts";
import { describeStoredMesh } from "./stored-mesh.contract.ts";

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

describeStoredMesh("a directory", () => ({ base: app.url, target: url, bytes }));

describe("a file that is no mesh", () => {
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
