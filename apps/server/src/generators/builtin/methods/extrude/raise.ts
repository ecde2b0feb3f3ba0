import type { CrossSection, Manifold } from "manifold-3d";
import type { Params } from "../../params.ts";
import type { Solids } from "../../surface/solids.ts";

/** What the upper edges of a raised section are like; `size` in millimetres. */
export interface Bevel {
  readonly kind: Params["bevel"];
  readonly size: number;
}

export const SHARP: Bevel = { kind: "none", size: 0 };

/** Steps of a rounded edge. */
const ROUND_STEPS = 6;

/** A section as a solid with upright walls from `low` to `high`, its upper edges bevelled. Millimetres. */
export function raise(
  section: CrossSection,
  low: number,
  high: number,
  { kind, size }: Bevel,
  solids: Solids,
): Manifold {
  const { keep, Manifold, Mesh } = solids;
  const most = Math.min(size, (high - low) * 0.9);
  if (kind === "none" || most <= 0)
    return keep(keep(section.extrude(high - low)).translate(0, 0, low));
  const mesh = new Stack(solids);
  const rings = ringsOf(kind, most).map(({ inwards, below }) => ({
    contours: (inwards === 0
      ? section
      : keep(section.offset(-inwards, kind === "round" ? "Round" : "Miter"))
    ).toPolygons(),
    z: high - below,
  }));
  const foot = mesh.ring(rings[0]!.contours, low);
  const walls = mesh.ring(rings[0]!.contours, rings[0]!.z);
  mesh.cap(foot, false);
  mesh.wall(foot, walls);
  let lower = walls;
  for (const { contours, z } of rings.slice(1)) {
    const upper = mesh.ring(contours, z);
    mesh.slope(lower, upper);
    lower = upper;
  }
  mesh.cap(lower, true);
  return keep(
    Manifold.ofMesh(
      new Mesh({
        numProp: 3,
        vertProperties: Float32Array.from(mesh.positions),
        triVerts: Uint32Array.from(mesh.triangles),
      }),
    ),
  );
}

/** How far inwards and how far below the top each ring of the edge lies, from the wall up. */
function ringsOf(kind: Bevel["kind"], size: number): { inwards: number; below: number }[] {
  if (kind === "chamfer") {
    return [
      { inwards: 0, below: size },
      { inwards: size, below: 0 },
    ];
  }
  return Array.from({ length: ROUND_STEPS + 1 }, (_, k) => {
    const angle = (k / ROUND_STEPS) * (Math.PI / 2);
    return { inwards: size * (1 - Math.cos(angle)), below: size * (1 - Math.sin(angle)) };
  });
}

type Contour = readonly (readonly [number, number])[];

/** Contours at one height, with the number of each contour's first vertex. */
interface Ring {
  readonly contours: readonly Contour[];
  readonly first: readonly number[];
}

/**
 * Builds a closed surface ring by ring. Between two rings, one inside the other, lies a flat region whose corners are
 * all on one of them: its triangulation, with the corners lifted, is the slope, whatever parts split or vanish.
 */
class Stack {
  readonly positions: number[] = [];
  readonly triangles: number[] = [];
  readonly #solids: Solids;

  constructor(solids: Solids) {
    this.#solids = solids;
  }

  ring(contours: readonly Contour[], z: number): Ring {
    const first = contours.map((contour) => {
      const start = this.positions.length / 3;
      for (const [x, y] of contour) this.positions.push(x, y, z);
      return start;
    });
    return { contours, first };
  }

  cap(ring: Ring, up: boolean): void {
    this.#fill(ring.contours, namesOf(ring), up);
  }

  wall(lower: Ring, upper: Ring): void {
    lower.contours.forEach((contour, c) => {
      for (let i = 0; i < contour.length; i++) {
        const j = (i + 1) % contour.length;
        const [a, b] = [lower.first[c]! + i, lower.first[c]! + j];
        const [d, e] = [upper.first[c]! + i, upper.first[c]! + j];
        this.triangles.push(a, b, e, a, e, d);
      }
    });
  }

  slope(outer: Ring, inner: Ring): void {
    const contours = [...outer.contours, ...inner.contours.map((contour) => contour.toReversed())];
    const names = [...namesOf(outer), ...namesOf(inner, true)];
    this.#fill(contours, names, true);
  }

  #fill(contours: readonly Contour[], names: readonly number[], up: boolean): void {
    if (names.length === 0) return;
    const polygons = contours.map((contour) => contour.map(([x, y]): [number, number] => [x, y]));
    for (const [a, b, c] of this.#solids.triangulate(polygons)) {
      const [p, q, r] = [names[a]!, names[b]!, names[c]!];
      this.triangles.push(...(up ? [p, q, r] : [p, r, q]));
    }
  }
}

/** The vertices of a ring in the order of its contours' points. */
function namesOf({ contours, first }: Ring, reversed = false): number[] {
  return contours.flatMap((contour, c) => {
    const names = contour.map((_, i) => first[c]! + i);
    return reversed ? names.toReversed() : names;
  });
}
