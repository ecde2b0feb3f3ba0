import { unzipSync } from "fflate";
import { validateBytes } from "gltf-validator";
import manifold from "manifold-3d/manifold";
import { OBJLoader } from "three/addons/loaders/OBJLoader.js";
import { PLYLoader } from "three/addons/loaders/PLYLoader.js";
import { STLLoader } from "three/addons/loaders/STLLoader.js";
import type { BufferGeometry, Mesh as ThreeMesh } from "three";
import { expect, test } from "vitest";

import { convert, type Format, type Mesh, writeMesh } from "../src/index.ts";
import { box, turnedSquare } from "./shapes.ts";

const rounded = (values: Iterable<number>) =>
  Array.from(values, (value) => Math.round(value * 1e4) / 1e4 + 0);

async function square(to: Format, more: { sizeMm?: number; name?: string } = {}) {
  const converted = await convert(await turnedSquare(), { from: "glb", to, ...more });
  if (!converted.ok) throw new Error(converted.why);
  return converted.value;
}

const bufferOf = (bytes: Uint8Array) => bytes.slice().buffer;

function extent(geometry: BufferGeometry): number[] {
  geometry.computeBoundingBox();
  const { min, max } = geometry.boundingBox!;
  return rounded([max.x - min.x, max.y - min.y, max.z - min.z]);
}

test("OBJ alone has its node's place applied and its texture the right way up", async () => {
  const { main, beside } = await square("obj");
  const lines = new TextDecoder().decode(main).trim().split("\n");
  const of = (word: string) =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  expect(of("v")).toEqual(["10 0 0", "10 0 -2", "10 1 -2", "10 1 0"]);
  expect(of("vt")).toEqual(["0 0", "1 0", "1 1", "0 1"]);
  expect(of("vn")[0]).toBe("1 0 0");
  expect(of("f")).toEqual(["1/1/1 2/2/2 3/3/3", "1/1/1 3/3/3 4/4/4"]);
  expect([of("mtllib"), beside]).toEqual([[], []]);
});

test("OBJ with a name brings its materials and its texture", async () => {
  const { parts } = box(1, 1, 1);
  const picture = { mimeType: "image/jpeg", bytes: Uint8Array.of(0xff, 0xd8, 0xff) };
  const mesh = { parts: [{ ...parts[0]!, picture }] };
  const { main, beside } = await writeMesh(mesh, "obj", { name: "my duck" });
  expect(beside.map(({ name }) => name)).toEqual(["my_duck.mtl", "my_duck.texture.jpg"]);
  expect(beside[1]?.bytes).toEqual(picture.bytes);
  expect(new TextDecoder().decode(beside[0]?.bytes)).toContain("map_Kd my_duck.texture.jpg");
  const group = new OBJLoader().parse(new TextDecoder().decode(main));
  expect(group.children).toHaveLength(1);
  expect(extent((group.children[0] as ThreeMesh).geometry)).toEqual([1, 1, 1]);
});

test.each([
  [undefined, 100],
  [80, 80],
  [12.5, 12.5],
])(
  "STL of size %s is read by another program as %s mm, standing on the bed",
  async (sizeMm, longest) => {
    const { main } = await square("stl", sizeMm === undefined ? {} : { sizeMm });
    const geometry = new STLLoader().parse(bufferOf(main));
    // The square stands across: two wide along y on the bed, one high.
    expect(extent(geometry)).toEqual(rounded([0, longest, longest / 2]));
    expect(geometry.boundingBox!.min.z).toBeCloseTo(0, 4);
    expect(rounded(geometry.getAttribute("normal").array.slice(0, 3))).toEqual([1, 0, 0]);
  },
);

test.each([
  [undefined, [1, 4, 2]],
  ["foot", [1, 4, 2]],
  ["back", [1, 2, 4]],
] as const)("what rests on its %s has that side on the bed", async (restsOn, sides) => {
  const { main } = await writeMesh({ ...box(1, 2, 4), restsOn }, "stl", { sizeMm: 4 });
  const geometry = new STLLoader().parse(bufferOf(main));
  expect(extent(geometry)).toEqual(sides);
  expect(geometry.boundingBox!.min.z).toBeCloseTo(0, 4);
});

test("a 3MF puts together what looks alike, and nothing else", async () => {
  const [one, other] = [box(1, 1, 1).parts[0]!, box(2, 1, 1).parts[0]!];
  const objectsOf = async (parts: Mesh["parts"]) => {
    const { main } = await writeMesh({ parts }, "3mf");
    const xml = new TextDecoder().decode(unzipSync(main)["3D/3dmodel.model"]);
    return xml.match(/<mesh>/g)?.length;
  };
  expect(await objectsOf([one, other])).toBe(1);
  expect(await objectsOf([one, { ...other, colour: [1, 0, 0] }])).toBe(2);
  const picture = { mimeType: "image/png", bytes: Uint8Array.of(1) };
  expect(
    await objectsOf([
      { ...one, picture },
      { ...other, picture: { ...picture } },
    ]),
  ).toBe(1);
  expect(await objectsOf([{ ...one, picture }, other])).toBe(2);
});

test("PLY is read by another program with its normals, texture coordinates and colours", async () => {
  const { parts } = box(1, 2, 3);
  const colours = new Float32Array(parts[0]!.positions.length).fill(1);
  const { main } = await writeMesh({ parts: [{ ...parts[0]!, colours }] }, "ply");
  const geometry = new PLYLoader().parse(bufferOf(main));
  expect(extent(geometry)).toEqual([1, 2, 3]);
  expect(geometry.getIndex()?.count).toBe(36);
  for (const name of ["normal", "uv", "color"])
    expect(geometry.getAttribute(name).count, name).toBe(24);
});

test("3MF is one closed solid in millimetres", async () => {
  const { main } = await writeMesh(box(1, 2, 4), "3mf", { sizeMm: 40 });
  const files = unzipSync(main);
  expect(Object.keys(files).sort()).toEqual([
    "3D/3dmodel.model",
    "[Content_Types].xml",
    "_rels/.rels",
  ]);
  const xml = new TextDecoder().decode(files["3D/3dmodel.model"]);
  expect(xml).toContain('unit="millimeter"');
  const numbers = (pattern: RegExp) =>
    [...xml.matchAll(pattern)].flatMap(([, ...n]) => n.map(Number));
  const module = await manifold();
  module.setup();
  const solid = new module.Manifold(
    new module.Mesh({
      numProp: 3,
      vertProperties: Float32Array.from(numbers(/x="(\S+)" y="(\S+)" z="(\S+)"/g)),
      triVerts: Uint32Array.from(numbers(/v1="(\d+)" v2="(\d+)" v3="(\d+)"/g)),
    }),
  );
  expect([solid.status(), Math.round(solid.volume())]).toEqual(["NoError", 10 * 20 * 40]);
  solid.delete();
});

test("GLB is what Khronos' validator accepts", async () => {
  const { parts } = box(1, 1, 1);
  const colours = new Float32Array(parts[0]!.positions.length).fill(0.5);
  const { main } = await writeMesh(
    { parts: [{ ...parts[0]!, colours }, ...box(2, 1, 1).parts] },
    "glb",
  );
  const { issues } = await validateBytes(main, { maxIssues: 20 });
  expect(issues.messages.filter(({ severity }) => severity <= 1)).toEqual([]);
});
