import { zipSync } from "fflate";

import type { Mesh } from "../mesh.ts";
import { welded } from "../weld.ts";
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

/** 3MF, core specification 1.3: one object in millimetres, +Z up, its vertices joined by place. */
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

function* model(mesh: Mesh, sizeMm: number): Generator<string> {
  const { positions, indices } = welded(mesh);
  const place = onBed(mesh, sizeMm);
  yield `<?xml version="1.0" encoding="UTF-8"?>
<model unit="millimeter" xml:lang="en-US" xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02">
<metadata name="Application">modly-runs</metadata>
<resources><object id="1" type="model"><mesh>
<vertices>
`;
  for (let vertex = 0; vertex < positions.length / 3; vertex++) {
    const [x, y, z] = place(positions, vertex).map((value) => Number(value.toFixed(5)));
    yield `<vertex x="${x}" y="${y}" z="${z}"/>\n`;
  }
  yield "</vertices>\n<triangles>\n";
  for (let at = 0; at < indices.length; at += 3)
    yield `<triangle v1="${indices[at]}" v2="${indices[at + 1]}" v3="${indices[at + 2]}"/>\n`;
  yield '</triangles>\n</mesh></object></resources>\n<build><item objectid="1"/></build>\n</model>\n';
}
