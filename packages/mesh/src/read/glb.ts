import {
  type Document,
  type mat4,
  type Node,
  Primitive,
  type vec3,
  WebIO,
} from "@gltf-transform/core";
import {
  EXTTextureWebP,
  KHRMaterialsUnlit,
  KHRMeshQuantization,
  KHRTextureTransform,
} from "@gltf-transform/extensions";

import { checked, LIMITS, type Mesh, type Part, refuseOver } from "../mesh.ts";
import { checkGlb } from "./glb-check.ts";

const EXTENSIONS = [EXTTextureWebP, KHRMaterialsUnlit, KHRMeshQuantization, KHRTextureTransform];
const NAMES = EXTENSIONS.map(({ EXTENSION_NAME }) => EXTENSION_NAME);

/** Reads the triangles of a binary glTF's default scene, its nodes' transforms applied. Throws a Fault. */
export async function readGlb(glb: Uint8Array): Promise<Mesh> {
  checkGlb(glb, NAMES);
  const document = await new WebIO().registerExtensions(EXTENSIONS).readBinary(glb);
  const scene = document.getRoot().getDefaultScene() ?? document.getRoot().listScenes()[0];
  const placed: { primitive: Primitive; world: mat4 }[] = [];
  let vertices = 0;
  scene?.traverse((node: Node) => {
    for (const primitive of node.getMesh()?.listPrimitives() ?? []) {
      // One mesh may stand in a scene a thousand times: count before unfolding.
      vertices += primitive.getAttribute("POSITION")?.getCount() ?? 0;
      refuseOver(vertices, LIMITS.vertices, "vertices");
      placed.push({ primitive, world: node.getWorldMatrix() });
    }
  });
  const mesh = checked(placed.flatMap(({ primitive, world }) => partOf(primitive, world) ?? []));
  return { ...mesh, ...wishesOf(document) };
}

/** How a mesh wants to be printed: what its maker wrote into its extras as `size_mm` and `rests_on`. */
function wishesOf(document: Document): Pick<Mesh, "sizeMm" | "restsOn"> {
  const extras = document
    .getRoot()
    .listMeshes()
    .map((mesh) => mesh.getExtras());
  const size = extras.find((one) => "size_mm" in one)?.["size_mm"];
  const rests = extras.find((one) => "rests_on" in one)?.["rests_on"];
  return {
    sizeMm: typeof size === "number" && size > 0 && Number.isFinite(size) ? size : undefined,
    restsOn: rests === "back" || rests === "foot" ? rests : undefined,
  };
}

function partOf(primitive: Primitive, world: mat4): Part | undefined {
  const positions = floats(primitive, "POSITION", 3);
  const corners = positions && cornersOf(primitive, positions.length / 3);
  if (!positions || !corners) return undefined;
  const material = primitive.getMaterial();
  const texture = material?.getBaseColorTexture();
  const picture = texture?.getImage();
  const [red, green, blue] = material?.getBaseColorFactor() ?? [1, 1, 1];
  const normals = floats(primitive, "NORMAL", 3);
  // A mirrored node turns triangles inside out.
  if (determinant(world) < 0) mirror(corners);
  return {
    positions: transformed(positions, point(world)),
    normals: normals && transformed(normals, direction(world)),
    uvs: floats(primitive, "TEXCOORD_0", 2),
    colours: floats(primitive, "COLOR_0", 3),
    indices: corners,
    colour: [red, green, blue],
    picture: texture && picture ? { mimeType: texture.getMimeType(), bytes: picture } : undefined,
  };
}

/** The first components of an attribute, whatever it is stored as. */
function floats(primitive: Primitive, semantic: string, size: number): Float32Array | undefined {
  const accessor = primitive.getAttribute(semantic);
  if (!accessor) return undefined;
  const out = new Float32Array(accessor.getCount() * size);
  const element: number[] = [];
  for (let at = 0; at < accessor.getCount(); at++) {
    accessor.getElement(at, element);
    for (let k = 0; k < size; k++) out[at * size + k] = element[k] ?? 0;
  }
  return out;
}

/** Three indices a triangle, also of strips and fans; undefined for points and lines. */
function cornersOf(primitive: Primitive, count: number): Uint32Array | undefined {
  const stored = primitive.getIndices()?.getArray();
  const given = stored
    ? Uint32Array.from(stored)
    : Uint32Array.from({ length: count }, (_, at) => at);
  const mode = primitive.getMode();
  const { TRIANGLES, TRIANGLE_STRIP, TRIANGLE_FAN } = Primitive.Mode;
  if (mode === TRIANGLES) return given.slice(0, given.length - (given.length % 3));
  if (mode !== TRIANGLE_STRIP && mode !== TRIANGLE_FAN) return undefined;
  const out = new Uint32Array(Math.max(0, given.length - 2) * 3);
  for (let t = 0; t * 3 < out.length; t++) {
    const odd = t % 2;
    const corners = mode === TRIANGLE_FAN ? [0, t + 1, t + 2] : [t, t + 1 + odd, t + 2 - odd];
    for (const [k, at] of corners.entries()) out[t * 3 + k] = given[at]!;
  }
  return out;
}

function mirror(corners: Uint32Array): void {
  for (let t = 0; t < corners.length; t += 3) {
    const kept = corners[t + 1]!;
    corners[t + 1] = corners[t + 2]!;
    corners[t + 2] = kept;
  }
}

function transformed(source: Float32Array, apply: (v: vec3) => vec3): Float32Array {
  const out = new Float32Array(source.length);
  for (let at = 0; at < source.length; at += 3)
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

function cofactors(m: mat4): number[] {
  return [
    m[5] * m[10] - m[6] * m[9],
    m[6] * m[8] - m[4] * m[10],
    m[4] * m[9] - m[5] * m[8],
    m[2] * m[9] - m[1] * m[10],
    m[0] * m[10] - m[2] * m[8],
    m[1] * m[8] - m[0] * m[9],
    m[1] * m[6] - m[2] * m[5],
    m[2] * m[4] - m[0] * m[6],
    m[0] * m[5] - m[1] * m[4],
  ];
}

function determinant(m: mat4): number {
  const [a, b, c] = cofactors(m);
  return m[0] * a! + m[1] * b! + m[2] * c!;
}

/** The normal's matrix is the cofactor matrix: right for any scale, also uneven or mirrored. */
function direction(m: mat4): (v: vec3) => vec3 {
  const c = cofactors(m);
  const side = determinant(m) < 0 ? -1 : 1;
  return ([x, y, z]) => {
    const n = [0, 1, 2].map((k) => side * (c[k]! * x + c[k + 3]! * y + c[k + 6]! * z));
    const length = Math.hypot(...n) || 1;
    return [n[0]! / length, n[1]! / length, n[2]! / length];
  };
}
