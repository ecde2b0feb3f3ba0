import { toLinear } from "../colour.ts";
import type { Picture } from "../mesh.ts";
import { linesOf } from "./lists.ts";
import type { Beside } from "./obj.ts";

/** What of a material we keep. */
export interface Material {
  readonly colour: readonly [number, number, number];
  readonly picture?: Picture | undefined;
}

export const PLAIN: Material = { colour: [1, 1, 1] };

/** Reads the materials of a Wavefront MTL: their colour, and their texture where it is there. */
export function* readMaterials(
  bytes: Uint8Array,
  beside: Beside,
): Generator<[name: string, material: Material]> {
  let name: string | undefined;
  let material = PLAIN;
  for (const line of linesOf(bytes)) {
    const [word, ...rest] = line.split(/\s+/);
    if (word === "newmtl") {
      if (name !== undefined) yield [name, material];
      name = rest.join(" ");
      material = PLAIN;
    } else if (word === "Kd") {
      const [red, green, blue] = rest.map((text) => toLinear(Number(text) || 0));
      material = { ...material, colour: [red ?? 1, green ?? 1, blue ?? 1] };
    } else if (word === "map_Kd") {
      // Options come before the name; the name may hold spaces, and is the rest where there are none.
      const file = rest[0]?.startsWith("-") ? rest.at(-1)! : rest.join(" ");
      material = { ...material, picture: pictureOf(beside(file)) };
    }
  }
  if (name !== undefined) yield [name, material];
}

/** A picture of a type that glTF can hold, known by how it begins. */
function pictureOf(bytes: Uint8Array | undefined): Picture | undefined {
  if (!bytes) return undefined;
  const head = String.fromCharCode(...bytes.subarray(0, 12));
  if (head.startsWith("\u0089PNG")) return { mimeType: "image/png", bytes };
  if (head.startsWith("\u00ff\u00d8\u00ff")) return { mimeType: "image/jpeg", bytes };
  if (/^RIFF.{4}WEBP/s.test(head)) return { mimeType: "image/webp", bytes };
  return undefined;
}
