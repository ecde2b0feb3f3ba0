import { Document, NodeIO } from "@gltf-transform/core";

const CORNERS = [
  [0, 1, 0],
  [-0.5, 0, 0.4],
  [0.5, 0, 0.4],
  [0, 0, -0.5],
] as const;
const FACES = [0, 1, 2, 0, 2, 3, 0, 3, 1, 1, 3, 2];

/** The smallest closed mesh, with these `extras`, as a binary glTF. */
export async function tetrahedron(extras: Record<string, unknown>): Promise<Uint8Array> {
  const document = new Document();
  const buffer = document.createBuffer();
  const accessor = (type: "VEC3" | "SCALAR", array: Float32Array | Uint16Array) =>
    document.createAccessor().setType(type).setArray(array).setBuffer(buffer);
  const primitive = document
    .createPrimitive()
    .setAttribute("POSITION", accessor("VEC3", new Float32Array(CORNERS.flat())))
    .setIndices(accessor("SCALAR", new Uint16Array(FACES)));
  const mesh = document.createMesh("tetrahedron").addPrimitive(primitive).setExtras(extras);
  const scene = document.createScene().addChild(document.createNode("model").setMesh(mesh));
  document.getRoot().setDefaultScene(scene);
  document.getRoot().getAsset().generator = "modly-runs test model";
  return new NodeIO().writeBinary(document);
}
