import { writeFileSync } from "node:fs";
import path from "node:path";

import { expect, test } from "vitest";

import { type App, openApp } from "../support/app.ts";
import { expectProblem, get, sendRaw } from "../support/raw.ts";

async function openWithMesh(): Promise<{ app: App; meshPath: string }> {
  const app = await openApp();
  const run = await app.ended(await app.create());
  return { app, meshPath: run.scene_candidate!.workspace_path };
}

test.each([
  ["glb", "model/gltf-binary", /^glTF/],
  ["obj", "model/obj", /^(?:#.*\n)*[\s\S]*\nv [\s\S]*\nf /],
  ["stl", "model/stl", /^[\s\S]{80}\u0004\0\0\0/],
  ["ply", "application/octet-stream", /^ply\n[\s\S]*element vertex [\s\S]*end_header\n/],
])("a mesh can be had as %s", async (format, type, begins) => {
  const { app, meshPath } = await openWithMesh();
  const target = `/export/${format}?path=${encodeURIComponent(meshPath)}`;
  const answer = await fetch(app.url + target);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toMatch(type);
  expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  const text = Buffer.from(await answer.arrayBuffer()).toString("latin1");
  expect(text).toMatch(begins);
  const head = await fetch(app.url + target, { method: "HEAD" });
  expect(head.status).toBe(200);
  expect(head.headers.get("content-type")).toBe(answer.headers.get("content-type"));
  // A browser's own spelling of the path, as it stands.
  expect((await sendRaw(app.url, get(`/export/${format}?path=${meshPath}`))).status).toBe(200);
});

test.each(["fbx", "GLB", "glb.exe", "__proto__", "constructor", "%00"])(
  "%s is no format",
  async (format) => {
    const { app, meshPath } = await openWithMesh();
    const answer = await sendRaw(app.url, get(`/export/${format}?path=${meshPath}`));
    expect(expectProblem(answer)).toMatchObject({ status: 400, code: "unknown_format" });
  },
);

test.each<[what: string, query: string, status: number]>([
  ["none", "", 400],
  ["an empty one", "?path=", 400],
  ["two", "?path=a&path=b", 400],
  ["an object", "?path[a]=b", 400],
  ["one way up", "?path=../runs.db", 400],
  ["an encoded way up", "?path=%2e%2e%2fruns.db", 400],
  ["one doubly encoded", "?path=%252e%252e%252fruns.db", 400],
  ["an absolute one", "?path=/etc/passwd", 400],
  ["a drive", "?path=C:%5Cx.glb", 400],
  ["a share", "?path=%5C%5Chost%5Cshare", 400],
  ["NUL", "?path=Default/a.glb%00", 400],
  ["bytes that are no UTF-8", "?path=%ff", 400],
  ["a device", "?path=Default/NUL", 400],
  ["a directory", "?path=Default", 404],
  ["nothing there", "?path=Default/none.glb", 404],
])("a path that leads nowhere is refused: %s", async (_what, query, status) => {
  const { app } = await openWithMesh();
  for (const format of ["glb", "obj"]) {
    const answer = await sendRaw(app.url, get(`/export/${format}${query}`));
    expect(expectProblem(answer)).toMatchObject({ status });
  }
});

test("what is no mesh is refused, and is no fault of ours", async () => {
  const { app } = await openWithMesh();
  const files: [name: string, bytes: Buffer][] = [
    ["empty.glb", Buffer.alloc(0)],
    ["garbage.glb", Buffer.from("this is no mesh")],
    ["magic.glb", Buffer.from("glTF\u0002\0\0\0\u00ff\u00ff\u00ff\u007f", "latin1")],
    ["text.txt", Buffer.from("notes")],
  ];
  for (const [name, bytes] of files) {
    writeFileSync(path.join(app.workspaceDir, "Default", name), bytes);
    for (const format of ["obj", "stl", "ply"]) {
      const answer = await sendRaw(app.url, get(`/export/${format}?path=Default/${name}`));
      expect(expectProblem(answer), `${name} as ${format}`).toMatchObject({ status: 400 });
    }
  }
});
