import { toSrgb } from "../colour.ts";
import { type Mesh, triangleCount } from "../mesh.ts";
import { joined } from "./bytes.ts";

const FLOATS = ["x", "y", "z", "nx", "ny", "nz", "s", "t"];
const COLOURS = ["red", "green", "blue"];
const FACE_BYTES = 13;

/** Binary PLY, little-endian, metres, +Y up: place, normal, texture coordinate and colour a vertex, then the faces. */
export function writePly(mesh: Mesh): Uint8Array {
  const { parts } = mesh;
  const vertices = parts.reduce((sum, { positions }) => sum + positions.length / 3, 0);
  const header = [
    "ply",
    "format binary_little_endian 1.0",
    "comment modly-runs",
    `element vertex ${vertices}`,
    ...FLOATS.map((name) => `property float ${name}`),
    ...COLOURS.map((name) => `property uchar ${name}`),
    `element face ${triangleCount(mesh)}`,
    "property list uchar uint vertex_indices",
    "end_header\n",
  ].join("\n");
  const vertexBytes = FLOATS.length * 4 + COLOURS.length;
  const data = new Uint8Array(vertices * vertexBytes + triangleCount(mesh) * FACE_BYTES);
  const view = new DataView(data.buffer);
  let at = 0;
  for (const { positions, normals, uvs, colours, colour } of parts) {
    for (let vertex = 0; vertex < positions.length / 3; vertex++, at += vertexBytes) {
      for (let k = 0; k < 3; k++) {
        view.setFloat32(at + k * 4, positions[vertex * 3 + k]!, true);
        view.setFloat32(at + 12 + k * 4, normals?.[vertex * 3 + k] ?? 0, true);
        view.setUint8(at + 32 + k, toSrgb((colours?.[vertex * 3 + k] ?? 1) * colour[k]!));
      }
      view.setFloat32(at + 24, uvs?.[vertex * 2] ?? 0, true);
      view.setFloat32(at + 28, uvs ? 1 - uvs[vertex * 2 + 1]! : 0, true);
    }
  }
  let first = 0;
  for (const { positions, indices } of parts) {
    for (let corner = 0; corner < indices.length; corner += 3, at += FACE_BYTES) {
      view.setUint8(at, 3);
      for (let k = 0; k < 3; k++)
        view.setUint32(at + 1 + k * 4, first + indices[corner + k]!, true);
    }
    first += positions.length / 3;
  }
  return joined([header, data]);
}
