import { Document, NodeIO } from "@gltf-transform/core";

import type { Mesh } from "../src/index.ts";

/** A box of which every face has four vertices of its own, as textured meshes have. */
export function box(width: number, height: number, depth: number): Mesh {
  const positions: number[] = [];
  const normals: number[] = [];
  const uvs: number[] = [];
  const indices: number[] = [];
  for (let axis = 0; axis < 3; axis++) {
    for (const side of [-1, 1]) {
      const first = positions.length / 3;
      for (const [u, v] of [
        [-1, -1],
        [1, -1],
        [1, 1],
        [-1, 1],
      ] as const) {
        const corner = [0, 0, 0];
        corner[axis] = side;
        corner[(axis + 1) % 3] = u;
        corner[(axis + 2) % 3] = v;
        positions.push(
          (corner[0]! * width) / 2,
          (corner[1]! * height) / 2,
          (corner[2]! * depth) / 2,
        );
        normals.push(...[0, 1, 2].map((k) => (k === axis ? side : 0)));
        uvs.push((u + 1) / 2, (v + 1) / 2);
      }
      const [a, b, c, d] = side > 0 ? [0, 1, 2, 3] : [0, 3, 2, 1];
      indices.push(...[a, b, c, a, c, d].map((k) => first + k));
    }
  }
  const part = {
    positions: Float32Array.from(positions),
    normals: Float32Array.from(normals),
    uvs: Float32Array.from(uvs),
    indices: Uint32Array.from(indices),
    colour: [1, 1, 1],
  } as const;
  return { parts: [part] };
}

/** A GLB of two triangles: a square, twice as wide as high, moved and turned a quarter about +Y by its node. */
export async function turnedSquare(
  scale: [number, number, number] = [1, 1, 1],
): Promise<Uint8Array> {
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
    .setScale(scale)
    .setRotation([0, Math.SQRT1_2, 0, Math.SQRT1_2]);
  document.getRoot().setDefaultScene(document.createScene().addChild(node));
  return new NodeIO().writeBinary(document);
}

/** The two chunks of a GLB, its description changed. */
export function rewritten(
  glb: Uint8Array,
  change: (json: Record<string, unknown>) => void,
): Uint8Array {
  const view = new DataView(glb.buffer, glb.byteOffset, glb.byteLength);
  const end = 20 + view.getUint32(12, true);
  const json = JSON.parse(new TextDecoder().decode(glb.subarray(20, end))) as Record<
    string,
    unknown
  >;
  change(json);
  const text = new TextEncoder().encode(JSON.stringify(json));
  const padded = new Uint8Array(Math.ceil(text.length / 4) * 4).fill(0x20);
  padded.set(text);
  const out = new Uint8Array(20 + padded.length + glb.length - end);
  out.set(glb.subarray(0, 20));
  out.set(padded, 20);
  out.set(glb.subarray(end), 20 + padded.length);
  const head = new DataView(out.buffer);
  head.setUint32(8, out.length, true);
  head.setUint32(12, padded.length, true);
  return out;
}
