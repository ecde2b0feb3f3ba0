import { type Document, type Primitive, WebIO } from "@gltf-transform/core";
import sharp from "sharp";
import type { Bounds } from "./camera.ts";

/** Pixels of a texture, sRGB with alpha. */
export interface Texture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** One primitive in the scene's space. */
export interface Part {
  readonly positions: Float32Array;
  readonly normals: Float32Array | undefined;
  readonly uvs: Float32Array | undefined;
  readonly indices: Uint32Array;
  /** Linear red, green and blue. */
  readonly colour: readonly [number, number, number];
  readonly texture: Texture | undefined;
}

export interface Model {
  readonly parts: readonly Part[];
  readonly bounds: Bounds;
}

/** Reads the triangles of a GLB's default scene. Throws if there are none. */
export async function readModel(glb: Uint8Array): Promise<Model> {
  const document: Document = await new WebIO().readBinary(glb);
  const root = document.getRoot();
  const scene = root.getDefaultScene() ?? root.listScenes()[0];
  const parts: Part[] = [];
  const nodes: { matrix: readonly number[]; primitives: Primitive[] }[] = [];
  scene?.traverse((node) => {
    nodes.push({
      matrix: node.getWorldMatrix(),
      primitives: node.getMesh()?.listPrimitives() ?? [],
    });
  });
  for (const { matrix, primitives } of nodes) {
    for (const primitive of primitives) {
      const part = await readPart(primitive, matrix);
      if (part !== undefined) parts.push(part);
    }
  }
  if (parts.length === 0) throw new Error("The GLB holds no triangles.");
  return { parts, bounds: boundsOf(parts) };
}

const TRIANGLES = 4;

async function readPart(
  primitive: Primitive,
  matrix: readonly number[],
): Promise<Part | undefined> {
  const position = primitive.getAttribute("POSITION");
  if (position === null || primitive.getMode() !== TRIANGLES) return undefined;
  const count = position.getCount();
  const material = primitive.getMaterial();
  const image = material?.getBaseColorTexture()?.getImage();
  const [r = 1, g = 1, b = 1] = material?.getBaseColorFactor() ?? [];
  const read = (name: string, size: number): Float32Array | undefined => {
    const accessor = primitive.getAttribute(name);
    if (accessor === null) return undefined;
    const values = new Float32Array(count * size);
    const element: number[] = [];
    for (let i = 0; i < count; i++)
      values.set(accessor.getElement(i, element).slice(0, size), i * size);
    return values;
  };
  const indices = primitive.getIndices()?.getArray();
  return {
    positions: transform(read("POSITION", 3)!, matrix, 1),
    normals: mapDefined(read("NORMAL", 3), (normals) => transform(normals, matrix, 0)),
    uvs: read("TEXCOORD_0", 2),
    indices: indices ? Uint32Array.from(indices) : Uint32Array.from({ length: count }, (_, i) => i),
    colour: [r, g, b],
    texture: image ? await readTexture(image) : undefined,
  };
}

function mapDefined<T, U>(value: T | undefined, map: (value: T) => U): U | undefined {
  return value === undefined ? undefined : map(value);
}

async function readTexture(image: Uint8Array): Promise<Texture> {
  const { data, info } = await sharp(image)
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}

/** Applies a column-major 4×4 matrix; `w` is 1 for points and 0 for directions (even scales only). */
function transform(vectors: Float32Array, m: readonly number[], w: 0 | 1): Float32Array {
  const out = new Float32Array(vectors.length);
  for (let i = 0; i < vectors.length; i += 3) {
    const [x, y, z] = [vectors[i]!, vectors[i + 1]!, vectors[i + 2]!];
    for (let k = 0; k < 3; k++)
      out[i + k] = m[k]! * x + m[4 + k]! * y + m[8 + k]! * z + m[12 + k]! * w;
  }
  return out;
}

function boundsOf(parts: readonly Part[]): Bounds {
  const low: [number, number, number] = [Infinity, Infinity, Infinity];
  const high: [number, number, number] = [-Infinity, -Infinity, -Infinity];
  for (const { positions } of parts) {
    for (let i = 0; i < positions.length; i++) {
      const axis = (i % 3) as 0 | 1 | 2;
      low[axis] = Math.min(low[axis], positions[i]!);
      high[axis] = Math.max(high[axis], positions[i]!);
    }
  }
  return { low, high };
}
