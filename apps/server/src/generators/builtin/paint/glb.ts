import { Document, WebIO, type Material } from "@gltf-transform/core";
import { LINEAR } from "../picture/lab.ts";
import type { Mesh } from "../surface/mesh.ts";

/** The number of OpenGL that glTF samplers use. */
const CLAMP_TO_EDGE = 33071;

/** A mesh with its paint as it is written: a JPEG, or one colour (sRGB, 0..255 each). */
export interface PaintedBody {
  readonly name: string;
  readonly mesh: Mesh;
  readonly paint:
    | { readonly jpeg: Uint8Array }
    | { readonly colour: readonly [number, number, number] };
}

/**
 * Bodies as the primitives of one mesh, each with the material that it has or shares, as binary glTF 2.0 without extensions.
 * `extras` go with the mesh.
 */
export function writeGlb(
  bodies: readonly PaintedBody[],
  extras: Record<string, unknown>,
): Promise<Uint8Array> {
  const document = new Document();
  document.getRoot().getAsset().generator = "modly-runs";
  const buffer = document.createBuffer();
  const accessor = (
    type: "SCALAR" | "VEC2" | "VEC3",
    array: Float32Array | Uint16Array | Uint32Array,
  ) => document.createAccessor().setType(type).setArray(array).setBuffer(buffer);
  const shape = document.createMesh("model").setExtras(extras);
  const materials = new Map<unknown, Material>();
  for (const { name, mesh, paint } of bodies) {
    // 65,535 is kept free: some readers take it for the end of a strip.
    const short = mesh.positions.length / 3 <= 65_535;
    // Bodies that show one picture share it.
    const look = "jpeg" in paint ? paint.jpeg : paint;
    const material = materials.get(look) ?? materialOf(document, name, paint);
    materials.set(look, material);
    const primitive = document
      .createPrimitive()
      .setAttribute("POSITION", accessor("VEC3", mesh.positions))
      .setAttribute("NORMAL", accessor("VEC3", mesh.normals))
      .setIndices(accessor("SCALAR", short ? Uint16Array.from(mesh.indices) : mesh.indices))
      .setMaterial(material);
    if ("jpeg" in paint) primitive.setAttribute("TEXCOORD_0", accessor("VEC2", mesh.uvs));
    shape.addPrimitive(primitive);
  }
  const scene = document.createScene("model").addChild(document.createNode("model").setMesh(shape));
  document.getRoot().setDefaultScene(scene);
  return new WebIO().writeBinary(document);
}

function materialOf(document: Document, name: string, paint: PaintedBody["paint"]): Material {
  const material = document.createMaterial(name).setMetallicFactor(0).setRoughnessFactor(0.85);
  if ("colour" in paint) {
    const [r, g, b] = paint.colour;
    return material.setBaseColorFactor([LINEAR[r]!, LINEAR[g]!, LINEAR[b]!, 1]);
  }
  const texture = document.createTexture(name).setMimeType("image/jpeg").setImage(paint.jpeg);
  material.setBaseColorTexture(texture);
  material.getBaseColorTextureInfo()?.setWrapS(CLAMP_TO_EDGE).setWrapT(CLAMP_TO_EDGE);
  return material;
}
