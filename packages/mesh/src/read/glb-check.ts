import { Fault, LIMITS, refuseOver } from "../mesh.ts";

/** The header of a binary glTF and of its chunks, as little-endian 32-bit words (glTF 2.0, chapter 4.4). */
const MAGIC = 0x46546c67;
const JSON_CHUNK = 0x4e4f534a;
const BIN_CHUNK = 0x004e4942;
const HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;

/** Bytes of a component, by the number that glTF has for its type. */
const COMPONENT_BYTES: Record<number, number> = {
  5120: 1,
  5121: 1,
  5122: 2,
  5123: 2,
  5125: 4,
  5126: 4,
};
const COMPONENTS: Record<string, number> = {
  SCALAR: 1,
  VEC2: 2,
  VEC3: 3,
  VEC4: 4,
  MAT2: 4,
  MAT3: 9,
  MAT4: 16,
};

type Json = Record<string, unknown>;

/**
 * Holds what a binary glTF says of itself against its bytes, before a library believes it: chunks, buffer views,
 * accessors, the tree of nodes. Throws a Fault.
 */
export function checkGlb(glb: Uint8Array, readable: readonly string[]): void {
  const { json, binary } = chunksOf(glb);
  const required = Array.isArray(json["extensionsRequired"]) ? json["extensionsRequired"] : [];
  const unknown = required.find((name) => !readable.includes(String(name)));
  if (unknown !== undefined)
    throw new Fault(`It needs the glTF extension ${String(unknown)}, which is not read here.`);
  checkBuffers(json, binary);
  checkNodes(json);
}

function chunksOf(glb: Uint8Array): { json: Json; binary: number } {
  const view = new DataView(glb.buffer, glb.byteOffset, glb.byteLength);
  if (glb.length < HEADER_BYTES + CHUNK_HEADER_BYTES || view.getUint32(0, true) !== MAGIC)
    throw new Fault("It does not begin as a binary glTF.");
  if (view.getUint32(4, true) !== 2) throw new Fault("It is a binary glTF, but not version 2.");
  if (view.getUint32(8, true) !== glb.length)
    throw new Fault(`It says that it has ${view.getUint32(8, true)} bytes, and has ${glb.length}.`);
  const jsonBytes = view.getUint32(12, true);
  const end = HEADER_BYTES + CHUNK_HEADER_BYTES + jsonBytes;
  if (view.getUint32(16, true) !== JSON_CHUNK || end > glb.length)
    throw new Fault("Its description is not whole.");
  let json: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(glb.subarray(20, end));
    json = JSON.parse(text);
  } catch {
    throw new Fault("Its description is no JSON.");
  }
  if (!isObject(json)) throw new Fault("Its description is no JSON object.");
  if (end + CHUNK_HEADER_BYTES > glb.length) return { json, binary: 0 };
  const binary = view.getUint32(end, true);
  if (view.getUint32(end + 4, true) !== BIN_CHUNK || end + CHUNK_HEADER_BYTES + binary > glb.length)
    throw new Fault("Its binary part is not whole.");
  return { json, binary };
}

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function list(json: Json, key: string): Json[] {
  const value = json[key] ?? [];
  if (!Array.isArray(value) || !value.every(isObject)) throw new Fault(`Its ${key} are no list.`);
  return value;
}

/** A whole number from 0, or `otherwise` where nothing is said. */
function whole(json: Json, key: string, otherwise?: number): number {
  const value = json[key] ?? otherwise;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
    throw new Fault(`Its ${key} is ${JSON.stringify(value) ?? "missing"}, not a whole number.`);
  return value;
}

function checkBuffers(json: Json, binary: number): void {
  const buffers = list(json, "buffers").map((buffer) => {
    if (buffer["uri"] !== undefined) throw new Fault("Its data lies in another file.");
    const bytes = whole(buffer, "byteLength", 0);
    if (bytes > binary) throw new Fault(`Its buffer has ${bytes} bytes, and ${binary} are there.`);
    return bytes;
  });
  const views = list(json, "bufferViews").map((view) => {
    const room = buffers[whole(view, "buffer")];
    const bytes = whole(view, "byteLength");
    if (room === undefined || whole(view, "byteOffset", 0) + bytes > room)
      throw new Fault("A buffer view reaches beyond its buffer.");
    return { bytes, stride: whole(view, "byteStride", 0) };
  });
  for (const image of list(json, "images")) {
    const uri = image["uri"];
    if (uri !== undefined && !(typeof uri === "string" && uri.startsWith("data:")))
      throw new Fault("Its texture lies in another file.");
    if (uri === undefined && views[whole(image, "bufferView")] === undefined)
      throw new Fault("Its texture lies in a buffer view that is not there.");
  }
  let unpacked = 0;
  const held = (accessor: Json, count: number, element: number): void => {
    const view = views[whole(accessor, "bufferView")];
    const last = (count - 1) * Math.max(element, view?.stride ?? 0) + element;
    if (!view || (count > 0 && whole(accessor, "byteOffset", 0) + last > view.bytes))
      throw new Fault("An accessor reaches beyond its buffer view.");
  };
  for (const accessor of list(json, "accessors")) {
    const count = whole(accessor, "count");
    const component = COMPONENT_BYTES[whole(accessor, "componentType")];
    const components = COMPONENTS[String(accessor["type"])];
    if (component === undefined || components === undefined)
      throw new Fault("An accessor is of a type that glTF does not have.");
    const element = component * components;
    unpacked += count * element;
    refuseOver(unpacked, LIMITS.bytes, "bytes in its accessors");
    if (accessor["bufferView"] !== undefined) held(accessor, count, element);
    const { sparse } = accessor;
    if (sparse === undefined) continue;
    if (!isObject(sparse) || !isObject(sparse["indices"]) || !isObject(sparse["values"]))
      throw new Fault("A sparse accessor is not whole.");
    const few = whole(sparse, "count");
    if (few > count) throw new Fault("A sparse accessor has more values than elements.");
    held(sparse["indices"], few, COMPONENT_BYTES[whole(sparse["indices"], "componentType")] ?? 4);
    held(sparse["values"], few, element);
  }
}

/** Nodes must be trees: a loop would be walked for ever, and a shared child unfolds without end. */
function checkNodes(json: Json): void {
  const nodes = list(json, "nodes");
  refuseOver(nodes.length, LIMITS.nodes, "nodes");
  const parents = new Map<number, number>();
  for (const [at, node] of nodes.entries()) {
    const children = node["children"] ?? [];
    if (!Array.isArray(children)) throw new Fault("A node's children are no list.");
    for (const child of children as unknown[]) {
      if (typeof child !== "number" || nodes[child] === undefined)
        throw new Fault("A node has a child that is not there.");
      if (parents.has(child)) throw new Fault("A node has two parents.");
      parents.set(child, at);
    }
  }
  for (const at of nodes.keys()) {
    let depth = 0;
    for (let up = parents.get(at); up !== undefined; up = parents.get(up))
      if (++depth > LIMITS.depth) throw new Fault("Its nodes lie too deep in each other.");
  }
}
