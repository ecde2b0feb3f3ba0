import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { Document, NodeIO } from "@gltf-transform/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { convertMesh } from "../../src/files/formats/index.ts";

/** A square in two triangles, twice as wide as high, moved and turned a quarter about +Y by its node. */
async function turnedSquare(): Promise<Uint8Array> {
  const document = new Document();
  const buffer = document.createBuffer();
  const floats = (type: "VEC2" | "VEC3", values: number[]) =>
    document.createAccessor().setType(type).setArray(new Float32Array(values)).setBuffer(buffer);
  const primitive = document
    .createPrimitive()
    .setAttribute("POSITION", floats("VEC3", [0, 0, 0, 2, 0, 0, 2, 1, 0, 0, 1, 0]))
    .setAttribute("NORMAL", floats("VEC3", [0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1]))
    .setAttribute("TEXCOORD_0", floats("VEC2", [0, 1, 1, 1, 1, 0, 0, 0]))
    .setIndices(
      document
        .createAccessor()
        .setType("SCALAR")
        .setArray(new Uint16Array([0, 1, 2, 0, 2, 3]))
        .setBuffer(buffer),
    );
  const node = document
    .createNode()
    .setMesh(document.createMesh().addPrimitive(primitive))
    .setTranslation([10, 0, 0])
    .setRotation([0, Math.SQRT1_2, 0, Math.SQRT1_2]);
  document.getRoot().setDefaultScene(document.createScene().addChild(node));
  return new NodeIO().writeBinary(document);
}

const rounded = (values: number[]) => values.map((value) => Math.round(value * 1e5) / 1e5 + 0);

describe("a mesh in another format", () => {
  let directory: string;
  let file: string;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "modly-runs-formats-"));
    file = path.join(directory, "square.glb");
    await writeFile(file, await turnedSquare());
  });
  afterEach(() => rm(directory, { recursive: true }));

  async function bytes(format: "obj" | "stl" | "ply"): Promise<Buffer> {
    const stream = await convertMesh(file, format);
    return Buffer.concat(
      (await stream!.toArray()).map((chunk: Buffer | string) => Buffer.from(chunk)),
    );
  }

  it("is a readable OBJ, its node's place applied, its texture the right way up", async () => {
    const lines = (await bytes("obj")).toString().trim().split("\n");
    const of = (word: string) =>
      lines
        .filter((line) => line.startsWith(`${word} `))
        .map((line) => line.slice(word.length + 1));
    expect(of("v")).toEqual(["10 0 0", "10 0 -2", "10 1 -2", "10 1 0"]);
    expect(of("vt")).toEqual(["0 0", "1 0", "1 1", "0 1"]);
    expect(of("vn")[0]).toBe("1 0 0");
    expect(of("f")).toEqual(["1/1/1 2/2/2 3/3/3", "1/1/1 3/3/3 4/4/4"]);
  });

  it("is a binary STL that stands on a printer's bed", async () => {
    const stl = await bytes("stl");
    expect(stl.readUInt32LE(80)).toBe(2);
    expect(stl).toHaveLength(84 + 2 * 50);
    const first = Array.from({ length: 12 }, (_, at) => stl.readFloatLE(84 + at * 4));
    // +Z up: what was +Y is +Z. Normal, then three corners.
    expect(rounded(first)).toEqual([1, 0, 0, 10, 0, 0, 10, 2, 0, 10, 2, 1]);
  });

  it("is a binary PLY with as many bytes as it says", async () => {
    const ply = await bytes("ply");
    const end = ply.indexOf("end_header\n") + "end_header\n".length;
    expect(ply.subarray(0, end).toString()).toMatch(/element vertex 4\n[^]*element face 2\n/);
    expect(ply).toHaveLength(end + 4 * 32 + 2 * 13);
    expect(rounded([0, 4, 8].map((at) => ply.readFloatLE(end + 32 + at)))).toEqual([10, 0, -2]);
    expect(ply.readUInt8(end + 4 * 32)).toBe(3);
  });

  it("is refused where there is nothing to write", async () => {
    await writeFile(file, "not a mesh");
    expect(await convertMesh(file, "stl")).toBeUndefined();
    await writeFile(file, await new NodeIO().writeBinary(new Document()));
    expect(await convertMesh(file, "obj")).toBeUndefined();
  });
});
