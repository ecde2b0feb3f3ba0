import { toLinear } from "../colour.ts";
import { checked, Fault, LIMITS, type Mesh, type Part, refuseOver } from "../mesh.ts";
import { FloatList, linesOf } from "./lists.ts";
import { type Material, PLAIN, readMaterials } from "./mtl.ts";

/** Gives a file that another one names, or undefined where there is none. */
export type Beside = (name: string) => Uint8Array | undefined;

/** What a face's corner names: a position, a texture coordinate and a normal, counted from 0. */
type Corner = readonly [v: number, vt: number | undefined, vn: number | undefined];

/** Reads Wavefront OBJ, its material library and its textures where `beside` has them. Throws a Fault. */
export function readObj(bytes: Uint8Array, beside: Beside): Mesh {
  const v = new FloatList();
  const vt = new FloatList();
  const vn = new FloatList();
  const colours = new FloatList();
  const materials = new Map<string, Material>();
  const parts = new Map<string, PartBuilder>();
  const source = { v, vt, vn, colours };
  let part: PartBuilder | undefined;
  let using = "";
  let triangles = 0;
  for (const line of linesOf(bytes)) {
    const [word, ...rest] = line.split(/\s+/);
    if (word === "v") {
      const numbers = rest.map(Number);
      v.push(...three(numbers, 0));
      // Not in the format, but what programs without textures write: red, green and blue behind the place.
      if (numbers.length >= 6) colours.push(...three(numbers, 3).map(toLinear));
      refuseOver(v.length / 3, LIMITS.vertices, "vertices");
    } else if (word === "vt") vt.push(Number(rest[0]), 1 - Number(rest[1] ?? 0));
    else if (word === "vn") vn.push(...three(rest.map(Number), 0));
    else if (word === "usemtl") {
      using = rest.join(" ");
      part = undefined;
    } else if (word === "mtllib") {
      const library = beside(line.slice("mtllib".length).trim());
      if (library)
        for (const [name, material] of readMaterials(library, beside))
          materials.set(name, material);
    } else if (word === "f") {
      part ??= parts.get(using) ?? new PartBuilder(source);
      parts.set(using, part);
      const corners = rest.map((corner) => cornerOf(corner, source));
      for (let k = 2; k < corners.length; k++)
        part.triangle(corners[0]!, corners[k - 1]!, corners[k]!);
      triangles += Math.max(0, corners.length - 2);
      refuseOver(triangles, LIMITS.triangles, "triangles");
    }
  }
  return checked([...parts].map(([name, built]) => built.part(materials.get(name) ?? PLAIN)));
}

interface Source {
  readonly v: FloatList;
  readonly vt: FloatList;
  readonly vn: FloatList;
  readonly colours: FloatList;
}

function three(numbers: readonly number[], from: number): number[] {
  return [0, 1, 2].map((k) => numbers[from + k] ?? Number.NaN);
}

/** `7/2/5`, `7//5`, `7`, and counted back from the last with a minus. */
function cornerOf(text: string, { v, vt, vn }: Source): Corner {
  const [place, texture, normal] = text.split("/");
  const at = indexOf(place, v.length / 3);
  if (at === undefined) throw new Fault(`A face names the vertex ${text}, which is not there.`);
  return [at, indexOf(texture, vt.length / 2), indexOf(normal, vn.length / 3)];
}

function indexOf(text: string | undefined, count: number): number | undefined {
  const number = Number(text);
  const at = number < 0 ? count + number : number - 1;
  return text && Number.isSafeInteger(at) && at >= 0 && at < count ? at : undefined;
}

/** OBJ has an index for each attribute, everybody else one for all: corners that are alike become a vertex. */
class PartBuilder {
  readonly #source: Source;
  readonly #known = new Map<string, number>();
  readonly #corners: Corner[] = [];
  readonly #indices: number[] = [];

  constructor(source: Source) {
    this.#source = source;
  }

  triangle(...corners: readonly [Corner, Corner, Corner]): void {
    for (const corner of corners) {
      const key = corner.join("/");
      let at = this.#known.get(key);
      if (at === undefined) {
        at = this.#corners.push(corner) - 1;
        this.#known.set(key, at);
      }
      this.#indices.push(at);
    }
  }

  part({ colour, picture }: Material): Part {
    const { v, vt, vn, colours } = this.#source;
    const gather = (list: FloatList, size: number, which: 0 | 1 | 2): Float32Array | undefined => {
      const out = new Float32Array(this.#corners.length * size);
      for (const [vertex, corner] of this.#corners.entries()) {
        const from = corner[which];
        if (from === undefined) return undefined;
        for (let k = 0; k < size; k++) out[vertex * size + k] = list.at(from * size + k);
      }
      return out;
    };
    return {
      positions: gather(v, 3, 0)!,
      normals: gather(vn, 3, 2),
      uvs: gather(vt, 2, 1),
      colours: colours.length === v.length ? gather(colours, 3, 0) : undefined,
      indices: Uint32Array.from(this.#indices),
      colour,
      picture,
    };
  }
}
