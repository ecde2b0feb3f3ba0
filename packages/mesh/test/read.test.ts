import { Document, WebIO } from "@gltf-transform/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { figuresOf, type Mesh, type ReadFormat, readMesh, writeMesh } from "../src/index.ts";
import { box, rewritten, turnedSquare } from "./shapes.ts";

const text = (value: string) => new TextEncoder().encode(value);

async function read(
  bytes: Uint8Array,
  format: ReadFormat,
  beside?: Record<string, Uint8Array>,
): Promise<Mesh> {
  const outcome = await readMesh(bytes, format, (name) => beside?.[name]);
  if (!outcome.ok) throw new Error(outcome.why);
  return outcome.value;
}

test.each(["glb", "obj", "ply", "stl"] as const)(
  "what is written as %s is read as it was",
  async (format) => {
    const side = fc.double({ min: 0.01, max: 0.1, noNaN: true });
    await fc.assert(
      fc.asyncProperty(side, side, side, async (width, height, depth) => {
        const mesh = box(width, height, depth);
        const sizeMm = Math.max(width, height, depth) * 1000;
        const { main } = await writeMesh(mesh, format, { sizeMm });
        const [before, after] = [figuresOf(mesh), figuresOf(await read(main, format))];
        expect(after).toMatchObject({ triangles: 12, vertices: 8, watertight: true });
        for (const [axis, size] of before.size.entries())
          expect(after.size[axis]).toBeCloseTo(size, 5);
        expect(after.volume).toBeCloseTo(before.volume!, 7);
      }),
      { numRuns: 20 },
    );
  },
);

test("an OBJ of other programs: polygons, counting back, materials in files beside it, colours", async () => {
  const obj = text(
    "mtllib a b.mtl\nv 0 0 0 1 0 0\nv 1 0 0 1 0 0\nv 1 1 0 1 0 0\nv 0 1 0 1 0 0\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\n" +
      "usemtl red\r\nf 1/1 2/2 3/3 4/4\nusemtl none\nf -4 -3 -2\n",
  );
  const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47);
  const mtl = text("newmtl red\nKd 1 0 0\nmap_Kd -s 1 1 1 skin.png\n");
  const { parts } = await read(obj, "obj", { "a b.mtl": mtl, "skin.png": png });
  expect(parts.map(({ indices }) => indices.length / 3)).toEqual([2, 1]);
  expect(parts[0]).toMatchObject({
    colour: [1, 0, 0],
    picture: { mimeType: "image/png", bytes: png },
  });
  expect([...parts[0]!.uvs!]).toEqual([0, 1, 1, 1, 1, 0, 0, 0]);
  expect([...parts[1]!.colours!.slice(0, 3)]).toEqual([1, 0, 0]);
});

test("a PLY as text, with colours of bytes, quads and elements we do not know", async () => {
  const ply = text(
    "ply\nformat ascii 1.0\ncomment x\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\n" +
      "property uchar red\nproperty uchar green\nproperty uchar blue\nelement face 1\nproperty list uchar int vertex_index\n" +
      "element edge 1\nproperty int a\nend_header\n0 0 0 255 0 0\n1 0 0 255 0 0\n1 1 0 255 0 0\n0 1 0 255 0 0\n4 0 1 2 3\n7\n",
  );
  const [part] = (await read(ply, "ply")).parts;
  expect([...part!.indices]).toEqual([0, 1, 2, 0, 2, 3]);
  expect([...part!.colours!.slice(0, 3)]).toEqual([1, 0, 0]);
});

test("a text STL is in millimetres with +Z up", async () => {
  const stl = text(
    "solid x\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1000 0 0\nvertex 0 0 2000\nendloop\nendfacet\nendsolid x\n",
  );
  expect(figuresOf(await read(stl, "stl")).size).toEqual([1, 2, 0]);
});

test("a mirrored node does not turn a mesh inside out", async () => {
  const [plain] = (await read(await turnedSquare(), "glb")).parts;
  const [mirrored] = (await read(await turnedSquare([1, 1, -1]), "glb")).parts;
  const facing = ({ positions: p, indices, normals }: Mesh["parts"][number]) => {
    const [a, b, c] = [...indices.slice(0, 3)].map((at) => [...p.slice(at * 3, at * 3 + 3)]);
    const [u, v] = [b!.map((value, k) => value - a![k]!), c!.map((value, k) => value - a![k]!)];
    const x = u[1]! * v[2]! - u[2]! * v[1]!;
    return [Math.sign(x), Math.round(normals![0]!)];
  };
  expect(facing(plain!)).toEqual([1, 1]);
  expect(facing(mirrored!)).toEqual([-1, -1]);
});

test("strips and fans are triangles too", async () => {
  for (const [mode, expected] of [
    [5, [0, 1, 2, 1, 3, 2]],
    [6, [0, 1, 2, 0, 2, 3]],
  ] as const) {
    const glb = rewritten(await turnedSquare(), (json) => {
      const [mesh] = json["meshes"] as { primitives: Record<string, unknown>[] }[];
      mesh!.primitives[0]!["mode"] = mode;
      delete mesh!.primitives[0]!["indices"];
    });
    expect([...(await read(glb, "glb")).parts[0]!.indices]).toEqual(expected);
  }
});

type Json = Record<string, unknown>;
const item = (json: Json, list: string, at = 0) => (json[list] as Json[])[at]!;

describe("a GLB that lies is refused with the reason", () => {
  test.each<[what: string, why: RegExp, change: (json: Json) => void]>([
    [
      "more elements than bytes",
      /reaches beyond its buffer view/,
      (j) => (item(j, "accessors")["count"] = 1e6),
    ],
    [
      "memory for nothing",
      /bytes in its accessors/,
      (j) => {
        delete item(j, "accessors")["bufferView"];
        item(j, "accessors")["count"] = 4e9;
      },
    ],
    [
      "a view beyond the buffer",
      /reaches beyond its buffer/,
      (j) => (item(j, "bufferViews")["byteLength"] = 1e9),
    ],
    [
      "a buffer beyond the file",
      /bytes, and \d+ are there/,
      (j) => (item(j, "buffers")["byteLength"] = 1e9),
    ],
    ["a count below zero", /not a whole number/, (j) => (item(j, "accessors")["count"] = -1)],
    [
      "a type that is none",
      /type that glTF does not have/,
      (j) => (item(j, "accessors")["type"] = "VEC9"),
    ],
    ["data elsewhere", /another file/, (j) => (item(j, "buffers")["uri"] = "file:///etc/passwd")],
    ["a node inside itself", /too deep|two parents/, (j) => (item(j, "nodes")["children"] = [0])],
    [
      "a child that is not there",
      /child that is not there/,
      (j) => (item(j, "nodes")["children"] = [7]),
    ],
    [
      "a compression we don't know",
      /KHR_draco/,
      (j) => (j["extensionsRequired"] = ["KHR_draco_mesh_compression"]),
    ],
    ["nothing to see", /no triangles/, (j) => (j["scenes"] = [{}])],
  ])("%s", async (_what, why, change) => {
    const outcome = await readMesh(rewritten(await turnedSquare(), change), "glb");
    expect(outcome).toMatchObject({ ok: false, why: expect.stringMatching(why) });
  });

  test("a triangle that uses a vertex beyond the last", async () => {
    const document = new Document();
    const buffer = document.createBuffer();
    const positions = document
      .createAccessor()
      .setType("VEC3")
      .setArray(new Float32Array(9))
      .setBuffer(buffer);
    const indices = document
      .createAccessor()
      .setArray(new Uint16Array([0, 1, 99]))
      .setBuffer(buffer);
    const primitive = document
      .createPrimitive()
      .setAttribute("POSITION", positions)
      .setIndices(indices);
    document
      .createScene()
      .addChild(document.createNode().setMesh(document.createMesh().addPrimitive(primitive)));
    const outcome = await readMesh(await new WebIO().writeBinary(document), "glb");
    expect(outcome).toMatchObject({
      ok: false,
      why: expect.stringMatching(/vertex that is not there/),
    });
  });

  test("a scene that unfolds one mesh a million times", async () => {
    const glb = rewritten(await turnedSquare(), (json) => {
      item(json, "accessors")["count"] = 4;
      json["nodes"] = Array.from({ length: 100_001 }, () => ({ mesh: 0 }));
    });
    expect(await readMesh(glb, "glb")).toMatchObject({
      ok: false,
      why: expect.stringMatching(/nodes/),
    });
  });
});

test("bytes that were damaged anywhere give a mesh or a sentence, never a throw", async () => {
  const mesh = box(1, 2, 3);
  const files = await Promise.all(
    (["glb", "obj", "ply", "stl"] as const).map(
      async (format) => [format, (await writeMesh(mesh, format)).main] as const,
    ),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...files),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.option(fc.nat()),
      async ([format, bytes], damages, cut) => {
        const damaged = bytes.slice(0, cut === null ? undefined : cut % bytes.length);
        for (const [at, value] of damages) damaged[at % Math.max(1, damaged.length)] = value;
        const outcome = await readMesh(damaged, format);
        if (!outcome.ok)
          expect(outcome.why).toMatch(/^This is no [A-Z]+ that can be read\. [A-Z].*\.$/s);
        else expect(figuresOf(outcome.value).triangles).toBeGreaterThan(0);
      },
    ),
    { numRuns: 300 },
  );
});
