import type { Part } from "./triangles.ts";

const LINES_A_CHUNK = 4096;

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

/**
 * Wavefront OBJ: vertices, texture coordinates and normals as text, indices from 1.
 *
 * OBJ's texture origin is at the bottom left, glTF's at the top left. The picture itself stays in the GLB.
 */
export function* writeObj(parts: readonly Part[]): Generator<string> {
  yield "# modly-runs\n";
  const first = { v: 1, vt: 1, vn: 1 };
  for (const [number, part] of parts.entries()) {
    const { positions: p, texcoords: t, normals: n, indices } = part;
    yield `o part${number + 1}\n`;
    yield* rows("v", p, 3, (at) => [p[at]!, p[at + 1]!, p[at + 2]!]);
    if (t) yield* rows("vt", t, 2, (at) => [t[at]!, 1 - t[at + 1]!]);
    if (n) yield* rows("vn", n, 3, (at) => [n[at]!, n[at + 1]!, n[at + 2]!]);
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
