import { zipSync } from "fflate";

import { toSrgb } from "../colour.ts";
import type { Mesh, Part } from "../mesh.ts";
import { isClosed, type Welded, welded } from "../weld.ts";
import { joined } from "./bytes.ts";
import { onBed } from "./print.ts";

const TYPES = `<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/>
</Types>
`;
const RELATIONS = `<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Target="/3D/3dmodel.model" Id="rel0" Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/>
</Relationships>
`;
/** ZIP knows no time before 1980; a fixed one gives the same file for the same mesh. */
const TIME = new Date(1980, 0, 1);

/**
 * 3MF, core specification 1.3: millimetres, +Z up, vertices joined by place. What has a colour or a picture of its own
 * and is closed becomes an object of its own, all put together as one, so that a slicer can give each its filament;
 * parts that are only pieces of a surface share an object, and their triangles have their colours.
 */
export function write3mf(mesh: Mesh, sizeMm: number): Uint8Array {
  const encoder = new TextEncoder();
  return zipSync(
    {
      "[Content_Types].xml": encoder.encode(TYPES),
      "_rels/.rels": encoder.encode(RELATIONS),
      "3D/3dmodel.model": joined(model(mesh, sizeMm)),
    },
    { mtime: TIME },
  );
}

/** The resource that holds the colours; a part's colour is known by the part's number. */
const MATERIALS = 1;

/** What becomes one object: triangles, and of each part in it its number and where its indices end. */
interface Piece extends Welded {
  readonly parts: readonly number[];
}

function piecesOf(mesh: Mesh): Piece[] {
  const looks: number[][] = [];
  for (const [at, part] of mesh.parts.entries()) {
    const same = looks.find(([first]) => looksLike(mesh.parts[first!]!, part));
    if (same) same.push(at);
    else looks.push([at]);
  }
  const pieceOf = (parts: number[]): Piece => ({
    ...welded({ parts: parts.map((at) => mesh.parts[at]!) }),
    parts,
  });
  const pieces = looks.map(pieceOf);
  return pieces.every(isClosed) ? pieces : [pieceOf([...mesh.parts.keys()])];
}

function looksLike(one: Part, other: Part): boolean {
  return (
    one.picture?.bytes === other.picture?.bytes &&
    one.colour.every((channel, k) => channel === other.colour[k])
  );
}

function* model(mesh: Mesh, sizeMm: number): Generator<string> {
  const place = onBed(mesh, sizeMm);
  yield `<?xml version="1.0" encoding="UTF-8"?>
<model unit="millimeter" xml:lang="en-US" xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02">
<metadata name="Application">modly-runs</metadata>
<resources>
<basematerials id="${MATERIALS}">
`;
  for (const [at, { colour }] of mesh.parts.entries())
    yield `<base name="colour ${at + 1}" displaycolor="#${hexOf(colour)}"/>\n`;
  yield "</basematerials>\n";
  const pieces = piecesOf(mesh);
  const first = MATERIALS + 1;
  for (const [at, piece] of pieces.entries()) yield* object(first + at, piece, place);
  const whole = first + pieces.length;
  if (pieces.length > 1) {
    const components = pieces.map((_, at) => `<component objectid="${first + at}"/>`).join("\n");
    yield `<object id="${whole}" type="model"><components>\n${components}\n</components></object>\n`;
  }
  const built = pieces.length > 1 ? whole : first;
  yield `</resources>\n<build><item objectid="${built}"/></build>\n</model>\n`;
}

function* object(
  id: number,
  { positions, indices, ends, parts }: Piece,
  place: ReturnType<typeof onBed>,
): Generator<string> {
  yield `<object id="${id}" type="model" pid="${MATERIALS}" pindex="${parts[0]}"><mesh>\n<vertices>\n`;
  for (let vertex = 0; vertex < positions.length / 3; vertex++) {
    const [x, y, z] = place(positions, vertex).map((value) => Number(value.toFixed(5)));
    yield `<vertex x="${x}" y="${y}" z="${z}"/>\n`;
  }
  yield "</vertices>\n<triangles>\n";
  for (const [k, part] of parts.entries()) {
    // What is not said is the object's own.
    const colour = k === 0 ? "" : ` pid="${MATERIALS}" p1="${part}"`;
    for (let at = k === 0 ? 0 : ends[k - 1]!; at < ends[k]!; at += 3)
      yield `<triangle v1="${indices[at]}" v2="${indices[at + 1]}" v3="${indices[at + 2]}"${colour}/>\n`;
  }
  yield "</triangles>\n</mesh></object>\n";
}

function hexOf(colour: Part["colour"]): string {
  return colour
    .map((value) => toSrgb(value).toString(16).padStart(2, "0"))
    .join("")
    .toUpperCase();
}
