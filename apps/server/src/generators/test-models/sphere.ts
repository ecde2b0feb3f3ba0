import { Document, NodeIO } from "@gltf-transform/core";

/** A ball of about `triangles` triangles, as a binary glTF: 24 bytes each, where there are many. */
export async function sphere(triangles: number): Promise<Uint8Array> {
  // Twice as many meridians as parallels, two triangles in each field.
  const rows = Math.max(2, Math.round(Math.sqrt(triangles / 4)));
  const columns = 2 * rows;
  const points = new Float32Array(3 * (rows + 1) * (columns + 1));
  const corners = new Uint32Array(6 * rows * columns);
  let point = 0;
  let corner = 0;
  for (let row = 0; row <= rows; row++)
    for (let column = 0; column <= columns; column++) {
      const down = (Math.PI * row) / rows;
      const round = (2 * Math.PI * column) / columns;
      points[point++] = Math.sin(down) * Math.cos(round);
      points[point++] = Math.cos(down);
      points[point++] = -Math.sin(down) * Math.sin(round);
      if (row === rows || column === columns) continue;
      const here = row * (columns + 1) + column;
      const below = here + columns + 1;
      for (const each of [here, below, here + 1, here + 1, below, below + 1])
        corners[corner++] = each;
    }
  const document = new Document();
  const buffer = document.createBuffer();
  const accessor = (type: "VEC3" | "SCALAR", array: Float32Array | Uint32Array) =>
    document.createAccessor().setType(type).setArray(array).setBuffer(buffer);
  // Of a ball, where a point lies is also where it faces.
  const primitive = document
    .createPrimitive()
    .setAttribute("POSITION", accessor("VEC3", points))
    .setAttribute("NORMAL", accessor("VEC3", points.slice()))
    .setIndices(accessor("SCALAR", corners));
  const mesh = document.createMesh("sphere").addPrimitive(primitive);
  const scene = document.createScene().addChild(document.createNode("model").setMesh(mesh));
  document.getRoot().setDefaultScene(scene);
  document.getRoot().getAsset().generator = "modly-runs test model";
  return new NodeIO().writeBinary(document);
}
