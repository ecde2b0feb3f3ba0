import { type Node, NodeIO, Primitive, type mat4, type vec3 } from "@gltf-transform/core";

/** One mesh in world space: what every simpler format can hold. */
export interface Part {
  /** xyz for each vertex, metres, +Y up. */
  readonly positions: Float32Array;
  /** xyz for each vertex, or null where the mesh has none. */
  readonly normals: Float32Array | null;
  /** uv for each vertex, origin at the top left as in glTF, or null. */
  readonly texcoords: Float32Array | null;
  /** Three a triangle. */
  readonly indices: Uint32Array;
}

function transformed(source: Float32Array, size: number, apply: (v: vec3) => vec3): Float32Array {
  const out = new Float32Array(source.length);
  for (let at = 0; at < source.length; at += size)
    out.set(apply([source[at]!, source[at + 1]!, source[at + 2]!]), at);
  return out;
}

const point =
  (m: mat4) =>
  ([x, y, z]: vec3): vec3 => [
    m[0] * x + m[4] * y + m[8] * z + m[12],
    m[1] * x + m[5] * y + m[9] * z + m[13],
    m[2] * x + m[6] * y + m[10] * z + m[14],
  ];

/** The normal's matrix is the cofactor matrix: right for any scale, also uneven or mirrored. */
const direction =
  (m: mat4) =>
  ([x, y, z]: vec3): vec3 => {
    const c = [
      m[5] * m[10] - m[6] * m[9],
      m[6] * m[8] - m[4] * m[10],
      m[4] * m[9] - m[5] * m[8],
      m[2] * m[9] - m[1] * m[10],
      m[0] * m[10] - m[2] * m[8],
      m[1] * m[8] - m[0] * m[9],
      m[1] * m[6] - m[2] * m[5],
      m[2] * m[4] - m[0] * m[6],
      m[0] * m[5] - m[1] * m[4],
    ] as const;
    const n: vec3 = [
      c[0] * x + c[3] * y + c[6] * z,
      c[1] * x + c[4] * y + c[7] * z,
      c[2] * x + c[5] * y + c[8] * z,
    ];
    const length = Math.hypot(...n) || 1;
    return [n[0] / length, n[1] / length, n[2] / length];
  };

/** Floats of an accessor, whatever it is stored as. */
function floats(primitive: Primitive, semantic: string, size: number): Float32Array | null {
  const accessor = primitive.getAttribute(semantic);
  if (!accessor) return null;
  const out = new Float32Array(accessor.getCount() * size);
  const element: number[] = [];
  for (let at = 0; at < accessor.getCount(); at++)
    out.set(accessor.getElement(at, element), at * size);
  return out;
}

function partOf(primitive: Primitive, world: mat4): Part | undefined {
  const positions = floats(primitive, "POSITION", 3);
  if (!positions || primitive.getMode() !== Primitive.Mode.TRIANGLES) return undefined;
  const stored = primitive.getIndices()?.getArray();
  const normals = floats(primitive, "NORMAL", 3);
  return {
    positions: transformed(positions, 3, point(world)),
    normals: normals && transformed(normals, 3, direction(world)),
    texcoords: floats(primitive, "TEXCOORD_0", 2),
    indices: stored
      ? Uint32Array.from(stored)
      : Uint32Array.from({ length: positions.length / 3 }, (_, at) => at),
  };
}

/** Reads the triangles of a binary glTF, its nodes' transforms applied. */
export async function readParts(glb: Uint8Array): Promise<Part[]> {
  const document = await new NodeIO().readBinary(glb);
  const scene = document.getRoot().getDefaultScene() ?? document.getRoot().listScenes()[0];
  const parts: Part[] = [];
  scene?.traverse((node: Node) => {
    for (const primitive of node.getMesh()?.listPrimitives() ?? []) {
      const part = partOf(primitive, node.getWorldMatrix());
      if (part) parts.push(part);
    }
  });
  return parts;
}
