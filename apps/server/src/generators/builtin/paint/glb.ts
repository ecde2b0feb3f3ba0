import { Document, WebIO } from "@gltf-transform/core";
import type { Mesh } from "../surface/mesh.ts";

/** The number of OpenGL that glTF samplers use. */
const CLAMP_TO_EDGE = 33071;

/** A mesh with one JPEG as its base colour, as binary glTF 2.0 without extensions. `extras` go with the mesh. */
export function writeGlb(
  mesh: Mesh,
  jpeg: Uint8Array,
  extras: Record<string, unknown>,
): Promise<Uint8Array> {
  const document = new Document();
  document.getRoot().getAsset().generator = "modly-runs";
  const buffer = document.createBuffer();
  const accessor = (
    type: "SCALAR" | "VEC2" | "VEC3",
    array: Float32Array | Uint16Array | Uint32Array,
  ) => document.createAccessor().setType(type).setArray(array).setBuffer(buffer);
  const texture = document.createTexture("picture").setMimeType("image/jpeg").setImage(jpeg);
  const material = document
    .createMaterial("picture")
    .setBaseColorTexture(texture)
    .setMetallicFactor(0)
    .setRoughnessFactor(0.85);
  material.getBaseColorTextureInfo()?.setWrapS(CLAMP_TO_EDGE).setWrapT(CLAMP_TO_EDGE);
  // 65,535 is kept free: some readers take it for the end of a strip.
  const short = mesh.positions.length / 3 <= 65_535;
  const primitive = document
    .createPrimitive()
    .setAttribute("POSITION", accessor("VEC3", mesh.positions))
    .setAttribute("NORMAL", accessor("VEC3", mesh.normals))
    .setAttribute("TEXCOORD_0", accessor("VEC2", mesh.uvs))
    .setIndices(accessor("SCALAR", short ? Uint16Array.from(mesh.indices) : mesh.indices))
    .setMaterial(material);
  const shape = document.createMesh("model").addPrimitive(primitive).setExtras(extras);
  const scene = document.createScene("model").addChild(document.createNode("model").setMesh(shape));
  document.getRoot().setDefaultScene(scene);
  return new WebIO().writeBinary(document);
}
