import type { Seen } from "../networks/index.ts";
import type { Finding } from "../picture/cutout.ts";
import type { Refusal } from "../picture/picture.ts";
import type { Picture } from "../picture/raster.ts";
import type { Params } from "../params.ts";
import type { Mesh } from "../surface/mesh.ts";

/** What a method may look at. */
export interface Sight {
  readonly picture: Picture;
  /**
   * What the picture is of. Looked for once, and only if somebody asks; `quick` leaves out what takes some tenths of a
   * second, unless somebody has asked for it before.
   */
  foreground(quick?: "quick"): Promise<Finding>;
  /** How near each part of it is, where a model tells. */
  depth?(): Promise<Seen>;
}

/** A mesh with its paint: a picture laid on by its texture coordinates, or one colour. */
export interface Body {
  readonly name: string;
  readonly mesh: Mesh;
  readonly paint:
    | { readonly jpeg: Promise<Uint8Array> }
    /** sRGB, 0..255 each. */
    | { readonly colour: readonly [number, number, number] };
  /** How far simplifying may move the surface, in longest sides; 0 where it is as it must be. */
  readonly error: number;
}

/** What a method makes, before it is simplified, set to its size and written. */
export interface Shape {
  readonly bodies: readonly Body[];
  /** What lies on a printer's bed: the back of what is flat there, else the side that it stands on. */
  readonly restsOn: "back" | "foot";
  /** What the maker wants to be known of it, for the mesh's extras. */
  readonly notes?: Readonly<Record<string, unknown>>;
}

/** Turns what is seen into a shape, or says why it can't. Anything thrown is a fault. */
export type Method = (sight: Sight, params: Params) => Promise<Shape | Refusal>;

export function isRefusal(made: Shape | Refusal): made is Refusal {
  return "ok" in made;
}
