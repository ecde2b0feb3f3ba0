/** What goes into a mesh; a mutant spoils one of these. */
export interface MeshParts {
  document: Record<string, unknown>;
  binary: Buffer;
}

/** One triangle, marked with a text, so that no two runs have the same bytes. */
export function triangle(mark: string): MeshParts {
  const positions = new Float32Array([0, 0, 0, 1, 0, 0, 0, 1, 0]);
  const indices = new Uint16Array([0, 1, 2, 0]); // the fourth only fills up to four bytes
  const binary = Buffer.concat([Buffer.from(positions.buffer), Buffer.from(indices.buffer)]);
  return {
    binary,
    document: {
      asset: { version: "2.0", generator: "reference", extras: { mark } },
      scene: 0,
      scenes: [{ nodes: [0] }],
      nodes: [{ mesh: 0 }],
      meshes: [{ primitives: [{ attributes: { POSITION: 0 }, indices: 1 }] }],
      buffers: [{ byteLength: binary.length }],
      bufferViews: [
        { buffer: 0, byteOffset: 0, byteLength: 36, target: 34962 },
        { buffer: 0, byteOffset: 36, byteLength: 6, target: 34963 },
      ],
      accessors: [
        {
          bufferView: 0,
          componentType: 5126,
          count: 3,
          type: "VEC3",
          min: [0, 0, 0],
          max: [1, 1, 0],
        },
        { bufferView: 1, componentType: 5123, count: 3, type: "SCALAR" },
      ],
    },
  };
}

/** Packs a document and its buffer as GLB 2.0: twelve bytes of header, then two chunks. */
export function glb({ document, binary }: MeshParts): Buffer {
  const text = Buffer.from(JSON.stringify(document));
  const chunks = [
    chunk("JSON", Buffer.concat([text, Buffer.alloc(-text.length & 3, " ")])),
    chunk("BIN\0", Buffer.concat([binary, Buffer.alloc(-binary.length & 3)])),
  ];
  const header = Buffer.alloc(12);
  header.write("glTF", "latin1");
  header.writeUInt32LE(2, 4);
  header.writeUInt32LE(
    chunks.reduce((sum, part) => sum + part.length, 12),
    8,
  );
  return Buffer.concat([header, ...chunks]);
}

function chunk(type: string, data: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(data.length, 0);
  header.write(type, 4, "latin1");
  return Buffer.concat([header, data]);
}
