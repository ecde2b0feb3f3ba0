import { writeFileSync } from "node:fs";
import path from "node:path";

import { STLLoader } from "three/addons/loaders/STLLoader.js";
import { expect, test } from "vitest";

import { appForAll } from "../support/app.ts";
import { expectProblem, get, sendRaw } from "../support/raw.ts";

const shared = appForAll();

async function withMesh() {
  const app = shared();
  const run = await app.ended(await app.create());
  return { app, meshPath: run.scene_candidate!.workspace_path };
}

test.each([
  ["glb", "model/gltf-binary", /^glTF/],
  ["obj", "model/obj", /^(?:#.*\n)*[\s\S]*\nv [\s\S]*\nf /],
  // The header's 80 bytes, then the number of triangles.
  ["stl", "model/stl", /^4,0,0,0,/],
  ["ply", "application/octet-stream", /^ply\n[\s\S]*element vertex [\s\S]*end_header\n/],
  ["3mf", "model/3mf", /^PK/],
])("a mesh can be had as %s", async (format, type, begins) => {
  const { app, meshPath } = await withMesh();
  const target = `/export/${format}?path=${encodeURIComponent(meshPath)}`;
  const answer = await fetch(app.url + target);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toMatch(type);
  expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  const bytes = Buffer.from(await answer.arrayBuffer());
  const count = format === "stl" ? `${[...bytes.subarray(80, 84)].join(",")},` : "";
  expect(count + bytes.toString("latin1")).toMatch(begins);
  const head = await fetch(app.url + target, { method: "HEAD" });
  expect(head.status).toBe(200);
  expect(head.headers.get("content-type")).toBe(answer.headers.get("content-type"));
  // A browser's own spelling of the path, as it stands.
  expect((await sendRaw(app.url, get(`/export/${format}?path=${meshPath}`))).status).toBe(200);
});

test("an STL is in millimetres, 100 along its longest side unless the request says otherwise", async () => {
  const { app, meshPath } = await withMesh();
  const longest = async (more: string): Promise<number> => {
    const answer = await fetch(`${app.url}/export/stl?path=${meshPath}${more}`);
    const geometry = new STLLoader().parse(await answer.arrayBuffer());
    geometry.computeBoundingBox();
    const { min, max } = geometry.boundingBox!;
    return Math.max(max.x - min.x, max.y - min.y, max.z - min.z);
  };
  expect(await longest("")).toBeCloseTo(100, 3);
  expect(await longest("&size_mm=32.5")).toBeCloseTo(32.5, 3);
  for (const size of ["0", "-1", "ten", "", "1e9", "100001", "5&size_mm=6"]) {
    const answer = await sendRaw(app.url, get(`/export/stl?path=${meshPath}&size_mm=${size}`));
    expect(expectProblem(answer), size).toMatchObject({ status: 400, code: "invalid_field" });
  }
});

test("other formats are refused", async () => {
  const { app, meshPath } = await withMesh();
  for (const format of ["fbx", "GLB", "glb.exe", "__proto__", "constructor", "%00"]) {
    const answer = await sendRaw(app.url, get(`/export/${format}?path=${meshPath}`));
    expect(expectProblem(answer), format).toMatchObject({ status: 400, code: "unknown_format" });
  }
});

/** Paths that lead nowhere, and how they are refused. */
const NOWHERE: [what: string, query: string, status: number][] = [
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
];

test("a path that leads nowhere is refused", async () => {
  const { app } = await withMesh();
  for (const [what, query, status] of NOWHERE)
    for (const format of ["glb", "obj"]) {
      const answer = await sendRaw(app.url, get(`/export/${format}${query}`));
      expect(expectProblem(answer), what).toMatchObject({ status });
    }
});

test("what is no mesh is refused, and is no fault of ours", async () => {
  const { app } = await withMesh();
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
