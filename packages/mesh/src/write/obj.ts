import { toSrgb } from "../colour.ts";
import type { Mesh, Part } from "../mesh.ts";
import { joined } from "./bytes.ts";

const LINES_A_CHUNK = 4096;

/** A file that belongs to another, under the name that the other one has for it. */
export interface BesideFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Wavefront OBJ: vertices (with their colours, where they have some), texture coordinates and normals as text.
 *
 * With a name, its material library and textures come beside it; without one it is alone and names no other file.
 */
export function writeObj(
  { parts }: Mesh,
  name?: string,
): { main: Uint8Array; beside: BesideFile[] } {
  if (name === undefined) return { main: joined(lines(parts)), beside: [] };
  // Blanks end a name in some readers.
  const stem = name.replaceAll(/\s/g, "_");
  const textures = parts.map(({ picture }, at) =>
    picture === undefined
      ? undefined
      : {
          // Not the mesh's own name: a picture may have that, the one the mesh was made of.
          name: `${stem}.texture${at === 0 ? "" : `-${at + 1}`}.${extensionOf(picture.mimeType)}`,
          bytes: picture.bytes,
        },
  );
  const library = { name: `${stem}.mtl`, bytes: joined(materials(parts, textures)) };
  return {
    main: joined(lines(parts, library.name)),
    beside: [library, ...textures.filter((texture) => texture !== undefined)],
  };
}

function extensionOf(mimeType: string): string {
  return mimeType === "image/jpeg" ? "jpg" : mimeType.replace("image/", "");
}

function* materials(
  parts: readonly Part[],
  textures: readonly (BesideFile | undefined)[],
): Generator<string> {
  for (const [at, { colour }] of parts.entries()) {
    const kd = colour.map((value) => (toSrgb(value) / 255).toFixed(4)).join(" ");
    yield `newmtl material${at + 1}\nKd ${kd}\nKs 0 0 0\nillum 1\n`;
    const texture = textures[at];
    if (texture) yield `map_Kd ${texture.name}\n`;
  }
}

function* lines(parts: readonly Part[], library?: string): Generator<string> {
  yield "# modly-runs\n";
  if (library !== undefined) yield `mtllib ${library}\n`;
  const first = { v: 1, vt: 1, vn: 1 };
  for (const [number, part] of parts.entries()) {
    const { positions: p, uvs: t, normals: n, colours: c, indices } = part;
    yield `o part${number + 1}\n`;
    if (library !== undefined) yield `usemtl material${number + 1}\n`;
    yield* rows("v", p, 3, (at) => [
      ...p.subarray(at, at + 3),
      ...(c ? [...c.subarray(at, at + 3)].map((value) => toSrgb(value) / 255) : []),
    ]);
    // OBJ's texture origin is at the bottom left, glTF's at the top left.
    if (t) yield* rows("vt", t, 2, (at) => [t[at]!, 1 - t[at + 1]!]);
    if (n) yield* rows("vn", n, 3, (at) => [...n.subarray(at, at + 3)]);
    const corner = (index: number) =>
      [first.v + index, t ? first.vt + index : n ? "" : null, n ? first.vn + index : null]
        .filter((piece) => piece !== null)
        .join("/");
    let text = "";
    for (let at = 0; at < indices.length; at += 3) {
      text += `f ${corner(indices[at]!)} ${corner(indices[at + 1]!)} ${corner(indices[at + 2]!)}\n`;
      if (at % (3 * LINES_A_CHUNK) === 0) {
        yield text;
        text = "";
      }
    }
    yield text;
    first.v += p.length / 3;
    if (t) first.vt += t.length / 2;
    if (n) first.vn += n.length / 3;
  }
}

function* rows(
  word: string,
  values: Float32Array,
  size: number,
  row: (at: number) => number[],
): Generator<string> {
  let text = "";
  for (let at = 0, n = 1; at < values.length; at += size, n++) {
    text += `${word} ${row(at)
      .map((value) => Number(value.toFixed(6)))
      .join(" ")}\n`;
    if (n % LINES_A_CHUNK === 0) {
      yield text;
      text = "";
    }
  }
  yield text;
}
