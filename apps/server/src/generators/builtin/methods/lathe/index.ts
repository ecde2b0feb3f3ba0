import { paintCutout } from "../../paint/texture.ts";
import { refuse, resample } from "../../picture/picture.ts";
import { areas, field, type Field, insideOf } from "../../picture/raster.ts";
import { divideError } from "../../surface/coarsen.ts";
import { smoothNormals, type Mesh } from "../../surface/mesh.ts";
import { backwards, type Back } from "../back.ts";
import { inflate, swell } from "../inflate.ts";
import type { Body, Method } from "../method.ts";
import { ROUND } from "../plateau.ts";
import { profileOf, type Profile } from "./axis.ts";

/** Beside a round body, a part is a handle or a spout from this share of the outline on. */
const HANDLE = 0.01;
/** How far a handle reaches into the body, in cells, so that both are one piece. */
const ROOT = 4;

const ADVICE =
  "Use a picture of something turned, seen straight from the side, or the model builtin/inflate.";

/** A truly round body: its radii are the outline's, the picture is what is seen from the front. */
export const makeLathed: Method = async ({ picture, foreground }, params) => {
  const finding = await foreground();
  if (!finding.found) return refuse(`There is nothing to turn: ${finding.because}. ${ADVICE}`);
  const cutout = await finding.cutOut(params.grid);
  const { coverage } = cutout;
  const profile = profileOf(coverage);
  if (profile.radius.every((r) => r < 1)) {
    return refuse(`There is nothing to turn: what stands out is too thin. ${ADVICE}`);
  }
  const cells = await resample(picture, cutout.crop, coverage.width, coverage.height);
  const back = backwards(params.back);
  const jpeg = paintCutout(picture, cutout, cells, params.texture, back.paint);
  const bodies: Body[] = [
    { name: "body", mesh: turn(profile, coverage, back), paint: { jpeg }, error: params.error },
  ];
  const beside = params.handle ? besideBody(coverage, profile) : undefined;
  if (beside !== undefined) {
    const even = field(coverage.width, coverage.height);
    const longest = Math.max(coverage.width, coverage.height);
    const { tolerance, left } = divideError(params.error, longest, "smooth");
    const mesh = inflate(swell(beside), even, {
      depth: 1,
      detail: 0,
      back: params.back,
      tolerance,
      plateau: ROUND,
    });
    bodies.push({ name: "handle", mesh, paint: { jpeg }, error: left });
  }
  return { bodies, restsOn: "foot", notes: { handle: beside !== undefined } };
};

/**
 * Rings around the axis and a pole at each end; x to the right, y up, z to the viewer, in cells of the coverage. The
 * front and the back have vertices of their own where they meet, since they look at different parts of the texture.
 */
function turn(profile: Profile, { width, height }: Field, back: Back): Mesh {
  const { axis, top } = profile;
  const radii = profile.radius.map((r) => Math.max(r, THINNEST));
  const positions: number[] = [];
  const uvs: number[] = [];
  const indices: number[] = [];
  const add = (x: number, row: number, z: number, front: boolean): number => {
    positions.push(x, -row, z);
    uvs.push(back.across(clamp((x + 0.5) / width), front), clamp((row + 0.5) / height));
    return positions.length / 3 - 1;
  };
  for (const front of [true, false]) {
    const upper = add(axis, top - 0.5, 0, front);
    const rings = Array.from(radii, (r, k) =>
      Array.from({ length: HALF + 1 }, (_, a) => {
        const [cos, sin] = DIRECTIONS[front ? a : (a + HALF) % (2 * HALF)]!;
        return add(axis - r * cos, top + k, r * sin, front);
      }),
    );
    const lower = add(axis, top + radii.length - 0.5, 0, front);
    rings.forEach((ring, k) => {
      const below = rings[k + 1];
      for (let a = 0; a < HALF; a++) {
        const [left, right] = [ring[a]!, ring[a + 1]!];
        if (k === 0) indices.push(upper, left, right);
        if (below === undefined) indices.push(lower, right, left);
        else indices.push(left, below[a]!, below[a + 1]!, left, below[a + 1]!, right);
      }
    });
  }
  const all = Uint32Array.from(indices);
  const places = Float32Array.from(positions);
  return {
    positions: places,
    normals: normalsByPlace(places, all),
    uvs: Float32Array.from(uvs),
    indices: all,
  };
}

/** Faces around half the body: the polygon leaves the circle by 0.05 % of the radius. */
const HALF = 48;
const THINNEST = 0.05;
/** Cosine and sine of each step around; exact at the sides, where front and back must meet. */
const DIRECTIONS = Array.from({ length: 2 * HALF }, (_, a): readonly [number, number] => {
  if (a === 0) return [1, 0];
  if (a === HALF) return [-1, 0];
  return [Math.cos((a / HALF) * Math.PI), Math.sin((a / HALF) * Math.PI)];
});

/** Smooth normals that are the same for vertices at the same place: front and back meet at z = 0. */
function normalsByPlace(positions: Float32Array, indices: Uint32Array): Float32Array {
  const first = new Map<string, number>();
  const named = new Uint32Array(positions.length / 3);
  for (let vertex = 0; vertex < named.length; vertex++) {
    named[vertex] = vertex;
    if (positions[vertex * 3 + 2] !== 0) continue;
    const key = `${positions[vertex * 3]} ${positions[vertex * 3 + 1]}`;
    const before = first.get(key);
    if (before === undefined) first.set(key, vertex);
    else named[vertex] = before;
  }
  const normals = smoothNormals(
    positions,
    indices.map((vertex) => named[vertex]!),
  );
  named.forEach((from, to) => normals.copyWithin(to * 3, from * 3, from * 3 + 3));
  return normals;
}

/** What of the outline is beside the turned body, with a root inside it; undefined if that is too little to be a part. */
function besideBody(coverage: Field, { axis, top, bottom, radius }: Profile): Field | undefined {
  const { width, height } = coverage;
  const beside = insideOf(coverage);
  for (let y = 0, cell = 0; y < height; y++) {
    const reach = 1.5 + (y < top || y > bottom ? 0 : radius[y - top]!);
    for (let x = 0; x < width; x++, cell++) if (Math.abs(x - axis) <= reach) beside[cell] = 0;
  }
  const parts = areas(beside, width);
  const whole = insideOf(coverage).reduce((sum, cell) => sum + cell, 0);
  const large = parts.size.map((size, name) => name > 0 && size >= whole * HANDLE);
  if (!large.includes(true)) return undefined;
  const part = field(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!large[parts.label[y * width + x]!]) continue;
      const inwards = x < axis ? 1 : -1;
      for (let k = 0; k <= ROOT + 2; k++) {
        const cell = y * width + Math.min(width - 1, Math.max(0, x + inwards * k));
        part.data[cell] = Math.max(part.data[cell]!, coverage.data[cell]!);
      }
    }
  }
  return part;
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
