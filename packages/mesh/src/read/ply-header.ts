import { Fault, LIMITS, refuseOver } from "../mesh.ts";

/** How a number is stored: bytes, and how a DataView reads it. */
export interface Scalar {
  readonly bytes: number;
  readonly read: (view: DataView, at: number, little: boolean) => number;
  /** Colours of a whole type go up to its largest value, others up to 1. */
  readonly full: number;
}

const int8: Scalar = { bytes: 1, read: (v, at) => v.getInt8(at), full: 127 };
const uint8: Scalar = { bytes: 1, read: (v, at) => v.getUint8(at), full: 255 };
const int16: Scalar = { bytes: 2, read: (v, at, le) => v.getInt16(at, le), full: 32_767 };
const uint16: Scalar = { bytes: 2, read: (v, at, le) => v.getUint16(at, le), full: 65_535 };
const int32: Scalar = { bytes: 4, read: (v, at, le) => v.getInt32(at, le), full: 2 ** 31 - 1 };
const uint32: Scalar = { bytes: 4, read: (v, at, le) => v.getUint32(at, le), full: 2 ** 32 - 1 };
const float32: Scalar = { bytes: 4, read: (v, at, le) => v.getFloat32(at, le), full: 1 };
const float64: Scalar = { bytes: 8, read: (v, at, le) => v.getFloat64(at, le), full: 1 };

/** The names of both generations of the format. */
const SCALARS = new Map(
  Object.entries({
    char: int8,
    int8,
    uchar: uint8,
    uint8,
    short: int16,
    int16,
    ushort: uint16,
    uint16,
    int: int32,
    int32,
    uint: uint32,
    uint32,
    float: float32,
    float32,
    double: float64,
    float64,
  }),
);

export interface Property {
  readonly name: string;
  readonly type: Scalar;
  /** The type of the length in front of a list; undefined for a single number. */
  readonly length?: Scalar;
}

export interface Element {
  readonly name: string;
  readonly count: number;
  readonly properties: Property[];
}

export interface Header {
  readonly format: "ascii" | "binary_little_endian" | "binary_big_endian";
  readonly elements: readonly Element[];
  /** Where the data begin. */
  readonly bytes: number;
}

const LONGEST_HEADER = 64 * 1024;

/** Reads the text in front of a PLY's data. Throws a Fault. */
export function readPlyHeader(bytes: Uint8Array): Header {
  const text = String.fromCharCode(...bytes.subarray(0, Math.min(bytes.length, LONGEST_HEADER)));
  const end = /(?:^|\n)end_header\r?\n/.exec(text);
  if (!/^ply\r?\n/.test(text) || !end) throw new Fault("It has no header of a PLY.");
  const elements: Element[] = [];
  let format: string | undefined;
  for (const line of text.slice(0, end.index).split(/\r?\n/)) {
    const words = line.trim().split(/\s+/);
    if (words[0] === "format") format = words[1];
    if (words[0] === "element") {
      const count = Number(words[2]);
      if (!Number.isSafeInteger(count) || count < 0)
        throw new Fault(`It has ${words[2]} of ${words[1]}, which is no number.`);
      refuseOver(count, LIMITS.vertices, `of ${words[1]}`);
      elements.push({ name: words[1] ?? "", count, properties: [] });
    }
    if (words[0] === "property") elements.at(-1)?.properties.push(propertyOf(words.slice(1)));
  }
  if (format !== "ascii" && format !== "binary_little_endian" && format !== "binary_big_endian")
    throw new Fault(`Its format is ${format ?? "not said"}, which PLY does not have.`);
  return { format, elements, bytes: end.index + end[0].length };
}

function propertyOf(words: readonly string[]): Property {
  const scalar = (name: string | undefined): Scalar => {
    const type = SCALARS.get(name ?? "");
    if (!type) throw new Fault(`A property has the type ${name}, which PLY does not have.`);
    return type;
  };
  return words[0] === "list"
    ? { name: words[3] ?? "", type: scalar(words[2]), length: scalar(words[1]) }
    : { name: words[1] ?? "", type: scalar(words[0]) };
}
