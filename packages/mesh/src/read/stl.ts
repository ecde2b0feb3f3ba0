import { checked, Fault, LIMITS, type Mesh, refuseOver } from "../mesh.ts";
import { FloatList, linesOf } from "./lists.ts";

const HEADER_BYTES = 84;
const TRIANGLE_BYTES = 50;
const METRES = 1 / 1000;

/** Reads STL, binary or text, as printers mean it: millimetres, +Z up. Throws a Fault. */
export function readStl(bytes: Uint8Array): Mesh {
  const positions = binaryPositions(bytes) ?? textPositions(bytes);
  for (let at = 0; at < positions.length; at += 3) {
    const [x, y, z] = [positions[at]!, positions[at + 1]!, positions[at + 2]!];
    positions[at] = x * METRES;
    positions[at + 1] = z * METRES;
    positions[at + 2] = -y * METRES;
  }
  const indices = Uint32Array.from({ length: positions.length / 3 }, (_, at) => at);
  return checked([{ positions, indices, colour: [1, 1, 1] }]);
}

/** Nine numbers a triangle, or undefined where the length is not that of a binary STL. */
function binaryPositions(bytes: Uint8Array): Float32Array | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(HEADER_BYTES - 4, true);
  // A text may begin like anything, but hardly has the length that its bytes 80 to 83 would promise.
  if (bytes.length < HEADER_BYTES + count * TRIANGLE_BYTES || count === 0) return undefined;
  refuseOver(count, LIMITS.triangles, "triangles");
  const positions = new Float32Array(count * 9);
  for (let triangle = 0; triangle < count; triangle++) {
    const from = HEADER_BYTES + triangle * TRIANGLE_BYTES + 12;
    for (let k = 0; k < 9; k++) positions[triangle * 9 + k] = view.getFloat32(from + k * 4, true);
  }
  return positions;
}

function textPositions(bytes: Uint8Array): Float32Array {
  if (String.fromCharCode(...bytes.subarray(0, 5)).toLowerCase() !== "solid")
    throw new Fault("It is no STL: its length fits no number of triangles.");
  const found = new FloatList();
  for (const line of linesOf(bytes)) {
    const [word, x, y, z] = line.split(/\s+/);
    if (word?.toLowerCase() !== "vertex") continue;
    found.push(Number(x), Number(y), Number(z));
    refuseOver(found.length / 9, LIMITS.triangles, "triangles");
  }
  if (found.length % 9 !== 0) throw new Fault("Its last triangle is not whole.");
  return found.whole();
}
