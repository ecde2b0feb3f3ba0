import { USUAL_SIZE } from "../../params.ts";
import { gridOf } from "../../picture/cutout.ts";
import { LINEAR } from "../../picture/lab.ts";
import { refuse, resample, wholeOf } from "../../picture/picture.ts";
import type { Field, Picture } from "../../picture/raster.ts";
import { divideError } from "../../surface/coarsen.ts";
import type { Mesh } from "../../surface/mesh.ts";
import { slabOf } from "../../surface/slab.ts";
import type { Method } from "../method.ts";
import { BENDS, type Bend } from "./bend.ts";
import { thicknessFor } from "./light.ts";

/** Cells along the longest side at most: 0.8 million triangles before simplifying. */
const FINEST = 640;
const IVORY = [243, 240, 232] as const;
/** How far simplifying may move a surface whose thickness is its picture, mm: a tenth of a usual layer. */
const TRIFLE = 0.015;
/** How far a foot stands out and how high it is, mm. */
const FOOT = { out: 14, high: 4 };

/** A picture out of thickness: the light that goes through it has the picture's tones. */
export const makeLithophane: Method = async ({ picture }, params) => {
  const size = params.size_mm === 0 ? USUAL_SIZE : params.size_mm;
  const thickest = Math.max(params.thin, params.thick);
  const inner = size - 2 * params.frame;
  if (inner <= 8 * params.resolution || size <= 4 * thickest) {
    return refuse(
      `A lithophane of ${size} mm has no room for its picture: take a larger size_mm, a thinner thick or a smaller frame.`,
    );
  }
  const fine = Math.round(inner / params.resolution);
  const cells = Math.max(16, Math.min(FINEST, fine, Math.max(picture.width, picture.height)));
  const { width, height } = gridOf(wholeOf(picture), cells);
  const light = luminanceOf(await resample(picture, wholeOf(picture), width, height));
  const thickness = { ...light, data: light.data.map(thicknessFor(params)) };
  const bend = BENDS[params.bend];
  const frameCells = Math.round((params.frame / inner) * cells);
  const wide = width + (bend.closed ? 0 : 2 * frameCells);
  const pitch = bend.pitch(wide, height + 2 * frameCells, thickest, size);
  const plate = withFrame(thickness, bend.closed ? 0 : frameCells, frameCells, thickest);
  if (params.foot && params.bend === "flat") addFoot(plate, FOOT.high / pitch);
  const error = Math.min(params.error, TRIFLE / size);
  const { tolerance, left } = divideError(error, size, "rough");
  return {
    bodies: [
      {
        name: "lithophane",
        mesh: bent(plate, pitch, tolerance, BENDS[params.bend]),
        paint: { colour: IVORY },
        error: left,
      },
    ],
    // Upright, layers follow the picture; lying, they would cut its tones into steps.
    restsOn: "foot",
    notes: { cell_mm: pitch, thin: params.thin, thick: params.thick },
  };
};

/** Linear light of each cell, 0..1, on white where the picture is see-through. */
function luminanceOf({ width, height, data }: Picture): Field {
  const light = new Float32Array(width * height);
  for (let i = 0, o = 0; i < light.length; i++, o += 4) {
    const alpha = data[o + 3]! / 255;
    const value =
      0.2126 * LINEAR[data[o]!]! + 0.7152 * LINEAR[data[o + 1]!]! + 0.0722 * LINEAR[data[o + 2]!]!;
    light[i] = value * alpha + 1 - alpha;
  }
  return { width, height, data: light };
}

/** The plate with cells of full thickness on its sides, and above and below. */
function withFrame(
  { width, height, data }: Field,
  sides: number,
  ends: number,
  thickest: number,
): Field {
  const [wide, high] = [width + 2 * sides, height + 2 * ends];
  const framed = new Float32Array(wide * high).fill(thickest);
  for (let y = 0; y < height; y++) {
    framed.set(data.subarray(y * width, (y + 1) * width), (y + ends) * wide + sides);
  }
  return { width: wide, height: high, data: framed };
}

/** Makes the lowest rows so deep that the plate stands on them. */
function addFoot({ width, height, data }: Field, rows: number): void {
  const from = Math.max(0, height - Math.max(2, Math.round(rows)));
  data.fill(FOOT.out, from * width);
}

/** The plate as a closed mesh in millimetres, bent around the light. */
function bent(plate: Field, pitch: number, tolerance: number, bend: Bend): Mesh {
  const { positions, normals, indices } = slabOf(plate, {
    base: 0,
    tolerance,
    pitch,
    wrap: bend.closed,
  });
  bend.apply(positions, normals, (bend.closed ? plate.width : plate.width - 1) * pitch);
  return { positions, normals, uvs: new Float32Array((positions.length / 3) * 2), indices };
}
