const FLOAT = 5126;
const UINT = 5125;

function pack(json: object, binary: Buffer): Buffer {
  const text = Buffer.from(JSON.stringify(json));
  const padded = Buffer.concat([text, Buffer.alloc((4 - (text.length % 4)) % 4, 0x20)]);
  const head = (length: number, type: string) => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32LE(length, 0);
    bytes.write(type, 4, "latin1");
    return bytes;
  };
  const chunks = [
    head(padded.length, "JSON"),
    padded,
    ...(binary.length > 0 ? [head(binary.length, "BIN\0"), binary] : []),
  ];
  const file = Buffer.alloc(12);
  file.write("glTF", "latin1");
  file.writeUInt32LE(2, 4);
  file.writeUInt32LE(12 + chunks.reduce((sum, { length }) => sum + length, 0), 8);
  return Buffer.concat([file, ...chunks]);
}

const ASSET = {
  asset: { version: "2.0" },
  scene: 0,
  scenes: [{ nodes: [0] }],
  nodes: [{ mesh: 0 }],
};

/** A binary glTF of a few hundred bytes without any data, which claims so many vertices. */
export function gltf({ claimed }: { claimed: number }): Buffer {
  return pack(
    {
      ...ASSET,
      meshes: [{ primitives: [{ attributes: { POSITION: 0 } }] }],
      accessors: [{ componentType: FLOAT, count: claimed, type: "VEC3" }],
    },
    Buffer.alloc(0),
  );
}

/** A binary glTF of a square, cut into `side` times `side` cells of two triangles. */
export function grid(side: number): Buffer {
  const row = side + 1;
  const positions = Buffer.alloc(row * row * 12);
  for (let vertex = 0; vertex < row * row; vertex++) {
    positions.writeFloatLE((vertex % row) / side, vertex * 12);
    positions.writeFloatLE(Math.floor(vertex / row) / side, vertex * 12 + 4);
  }
  const indices = Buffer.alloc(side * side * 24);
  for (let cell = 0; cell < side * side; cell++) {
    const first = Math.floor(cell / side) * row + (cell % side);
    const corners = [first, first + 1, first + row, first + 1, first + row + 1, first + row];
    for (const [k, corner] of corners.entries()) indices.writeUInt32LE(corner, cell * 24 + k * 4);
  }
  return pack(
    {
      ...ASSET,
      meshes: [{ primitives: [{ attributes: { POSITION: 0 }, indices: 1 }] }],
      accessors: [
        {
          bufferView: 0,
          componentType: FLOAT,
          count: row * row,
          type: "VEC3",
          min: [0, 0, 0],
          max: [1, 1, 0],
        },
        { bufferView: 1, componentType: UINT, count: side * side * 6, type: "SCALAR" },
      ],
      bufferViews: [
        { buffer: 0, byteLength: positions.length },
        { buffer: 0, byteOffset: positions.length, byteLength: indices.length },
      ],
      buffers: [{ byteLength: positions.length + indices.length }],
    },
    Buffer.concat([positions, indices]),
  );
}
