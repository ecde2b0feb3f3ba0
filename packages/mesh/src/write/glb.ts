import { Document, type GLTF, type Material, WebIO } from "@gltf-transform/core";
import { EXTTextureWebP } from "@gltf-transform/extensions";

import type { Mesh, Part } from "../mesh.ts";

/** Binary glTF 2.0, metres, +Y up: a primitive for each part, its texture inside. */
export function writeGlb({ parts }: Mesh): Promise<Uint8Array> {
  const document = new Document();
  document.getRoot().getAsset().generator = "modly-runs";
  const buffer = document.createBuffer();
  const accessor = (type: GLTF.AccessorType, array: Float32Array | Uint16Array | Uint32Array) =>
    document.createAccessor().setType(type).setArray(array).setBuffer(buffer);
  const shape = document.createMesh("model");
  for (const part of parts) {
    const { positions, normals, uvs, colours, indices } = part;
    // 65,535 is kept free: some readers take it for the end of a strip.
    const short = positions.length / 3 <= 65_535;
    const primitive = document
      .createPrimitive()
      .setAttribute("POSITION", accessor("VEC3", positions))
      .setIndices(accessor("SCALAR", short ? Uint16Array.from(indices) : indices))
      .setMaterial(materialOf(document, part));
    if (normals) primitive.setAttribute("NORMAL", accessor("VEC3", normals));
    if (uvs) primitive.setAttribute("TEXCOORD_0", accessor("VEC2", uvs));
    if (colours) primitive.setAttribute("COLOR_0", accessor("VEC3", colours));
    shape.addPrimitive(primitive);
  }
  const scene = document.createScene("model").addChild(document.createNode("model").setMesh(shape));
  document.getRoot().setDefaultScene(scene);
  return new WebIO().registerExtensions([EXTTextureWebP]).writeBinary(document);
}

function materialOf(document: Document, { colour, picture }: Part): Material {
  const material = document
    .createMaterial()
    .setBaseColorFactor([...colour, 1])
    .setMetallicFactor(0)
    .setRoughnessFactor(0.85);
  if (!picture) return material;
  if (picture.mimeType === "image/webp") document.createExtension(EXTTextureWebP).setRequired(true);
  const texture = document.createTexture().setMimeType(picture.mimeType).setImage(picture.bytes);
  return material.setBaseColorTexture(texture);
}
