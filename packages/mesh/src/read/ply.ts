import { toLinear } from "../colour.ts";
import { checked, Fault, LIMITS, type Mesh, refuseOver } from "../mesh.ts";
import { linesOf } from "./lists.ts";
import { type Element, type Header, type Property, readPlyHeader } from "./ply-header.ts";

/** Gives the next number of the data. */
type Next = (type: Property["type"]) => number;

/** Reads PLY, text or binary of either order: places, normals, colours, texture coordinates, faces. Throws a Fault. */
export function readPly(bytes: Uint8Array): Mesh {
  const header = readPlyHeader(bytes);
  const next =
    header.format === "ascii" ? textNumbers(bytes, header) : binaryNumbers(bytes, header);
  let columns = new Map<string, Float32Array>();
  const indices: number[] = [];
  for (const element of header.elements) {
    if (element.name === "vertex") columns = readVertices(element, next);
    else readFaces(element, next, element.name === "face" ? indices : undefined);
  }
  const together = (...names: string[]): Float32Array | undefined => {
    const found = names.map((name) => columns.get(name));
    if (!found.every((column) => column !== undefined)) return undefined;
    const out = new Float32Array((found[0]?.length ?? 0) * found.length);
    for (const [k, column] of found.entries())
      for (let at = 0; at < column.length; at++) out[at * found.length + k] = column[at]!;
    return out;
  };
  const positions = together("x", "y", "z");
  if (!positions) throw new Fault("Its vertices have no x, y and z.");
  const uvs = together("s", "t") ?? together("u", "v") ?? together("texture_u", "texture_v");
  if (uvs) for (let at = 1; at < uvs.length; at += 2) uvs[at] = 1 - uvs[at]!;
  return checked([
    {
      positions,
      normals: together("nx", "ny", "nz"),
      uvs,
      colours: together("red", "green", "blue")?.map(toLinear),
      indices: Uint32Array.from(indices),
      colour: [1, 1, 1],
    },
  ]);
}

const COLOURS = new Set(["red", "green", "blue"]);

function readVertices({ count, properties }: Element, next: Next): Map<string, Float32Array> {
  const columns = properties.map(({ name, type, length }) => {
    if (length) throw new Fault(`A vertex has a list, ${name}.`);
    return { name, type, values: new Float32Array(count) };
  });
  refuseOver(count * columns.length * 4, LIMITS.bytes, "bytes of vertices");
  for (let at = 0; at < count; at++)
    for (const { name, type, values } of columns)
      values[at] = next(type) / (COLOURS.has(name) ? type.full : 1);
  return new Map(columns.map(({ name, values }) => [name, values]));
}

/** Reads the faces into `indices`, or passes over an element that is not for us. */
function readFaces({ count, properties }: Element, next: Next, indices?: number[]): void {
  for (let face = 0; face < count; face++) {
    for (const { name, type, length } of properties) {
      const many = length ? next(length) : 1;
      if (!(many >= 0)) throw new Fault("A face has fewer than no corners.");
      const corners = indices && length && /^vertex_ind(?:ex|ices)$/.test(name);
      let first = 0;
      let before = 0;
      for (let k = 0; k < many; k++) {
        const corner = next(type);
        if (!corners) continue;
        if (k === 0) first = corner;
        if (k >= 2) indices.push(first, before, corner);
        before = corner;
      }
      if (corners) refuseOver(indices.length / 3, LIMITS.triangles, "triangles");
    }
  }
}

const SHORT = "It ends before the elements that its header names.";

function binaryNumbers(bytes: Uint8Array, { format, bytes: begin }: Header): Next {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = format === "binary_little_endian";
  let at = begin;
  return ({ bytes: size, read }) => {
    if (at + size > bytes.length) throw new Fault(SHORT);
    at += size;
    return read(view, at - size, little);
  };
}

function textNumbers(bytes: Uint8Array, { bytes: begin }: Header): Next {
  const lines = linesOf(bytes.subarray(begin));
  let words: string[] = [];
  let at = 0;
  return () => {
    while (at >= words.length) {
      const line = lines.next();
      if (line.done) throw new Fault(SHORT);
      words = line.value.split(/\s+/).filter(Boolean);
      at = 0;
    }
    return Number(words[at++]);
  };
}
