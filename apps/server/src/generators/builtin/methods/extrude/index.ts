import type { CrossSection, Manifold } from "manifold-3d";
import { paintCutout } from "../../paint/texture.ts";
import type { Cutout } from "../../picture/cutout.ts";
import { frame, MARGIN } from "../../picture/outline.ts";
import { paletteOf, shareOfColour, type Swatch } from "../../picture/palette.ts";
import { refuse, resample, type Refusal } from "../../picture/picture.ts";
import { pixelSize } from "../../picture/pixels.ts";
import type { Field, Picture } from "../../picture/raster.ts";
import { meshesOf, withSolids, type Solids } from "../../surface/solids.ts";
import type { Body, Method, Shape, Sight } from "../method.ts";
import { bridgesOf, patchesOf } from "./bridges.ts";
import { layersOf } from "./layers.ts";
import { planOf, type Plan } from "./plan.ts";
import { raise, SHARP } from "./raise.ts";
import { BLADE, layOut, RIM, WALL, type Sections } from "./sections.ts";
import { toPolygon } from "./corners.ts";
import { sharpen } from "./sharpen.ts";
import { signedArea, traceLoops } from "./trace.ts";
import { rimPlaces } from "./underside.ts";

/** The outline is traced on the picture's own pixels, up to so many along its longest side. */
const FINEST = 1024;
/** Share of one colour from which a part gets that colour, and not the picture. */
const PLAIN = 0.985;

const ADVICE =
  "Use a picture with a transparent or an even background, or the model builtin/relief.";

/** The outline as a solid with straight, exact walls. */
export const makeExtruded: Method = async (sight, params): Promise<Shape | Refusal> => {
  const finding = await sight.foreground();
  if (!finding.found) return nothing(finding.because);
  const coarse = await finding.cutOut(COLOURS);
  const { crop } = coarse;
  const native = Math.max(crop.right - crop.left, crop.bottom - crop.top);
  const cutout = await finding.cutOut(Math.min(FINEST, native));
  // sharp's threads resample while this one traces, and paint while it builds.
  const looking = lookAt(sight, native < COLOURS ? cutout : coarse);
  const contours = contoursOf(cutout.coverage);
  if (contours.length === 0) return nothing("what stands out is too faint or too thin");
  const { width, height } = cutout.coverage;
  const square = pixelSize(sight.picture);
  const bridges =
    square === undefined
      ? []
      : bridgesOf(cutout.coverage, (square * width) / (crop.right - crop.left));
  const plan = planOf(params);
  const look = await looking;
  const palette = paletteOf(look.cells, look.coverage, Math.max(2, plan.colours));
  const rimOf = rimPlaces(look.cells, look.coverage);
  const stacked = plan.colours > 1 && plan.build === "raise";
  const cells = stacked ? await resample(sight.picture, crop, width, height) : undefined;
  const [plain, under] = coloursOf(look, palette, finding.ground);
  const paint: Body["paint"] =
    plain !== undefined || stacked || plan.build === "cutter"
      ? { colour: plain ?? WHITE }
      : { jpeg: paintCutout(sight.picture, { ...cutout, ...look }, look.cells, params.texture) };
  const work: Work = { cutout, palette, plan, rimOf, paint, under };
  const bodies = await withSolids((solids) => {
    const traced = sectionOf([...contours, ...bridges], solids);
    const sections = layOut(traced, plan, solids);
    return cells === undefined
      ? build(sections, work, solids)
      : stackColours(sections, work, cells, solids);
  });
  return {
    bodies: bodies.map((body) => ({ ...body, error: 0 })),
    restsOn: "back",
    notes: {
      ...(cutout.lost !== undefined && { warning: cutout.lost }),
      colours: bodies.length,
      ...(bridges.length > 0 && { bridges: bridges.length }),
    },
  };
};

/** Cells along the longest side that colours are looked for on: more of them tell nothing new. */
const COLOURS = 512;

async function lookAt({ picture }: Sight, { crop, coverage }: Cutout): Promise<Look> {
  return { coverage, cells: await resample(picture, crop, coverage.width, coverage.height) };
}

function nothing(because: string): Refusal {
  return refuse(`There is no outline to extrude: ${because}. ${ADVICE}`);
}

/** What the outline holds, in few cells, for its colours. */
interface Look {
  readonly cells: Picture;
  readonly coverage: Field;
}

interface Work {
  readonly cutout: Cutout;
  readonly palette: readonly Swatch[];
  readonly plan: Plan;
  /** Where in the picture the colour is that the rim has near a place. */
  readonly rimOf: ReturnType<typeof rimPlaces>;
  readonly paint: Body["paint"];
  /** The colour of what carries the shape. */
  readonly under: Swatch["colour"];
}

/** A body in millimetres. */
type Piece = Omit<Body, "error">;

/** A loop smaller than this share of the largest is a speck: what a JPEG leaves around letters. */
const SPECK = 0.0005;

/** The outline's polygons in cells of the coverage, y up. Specks are left out. */
export function contoursOf(coverage: Field): [number, number][][] {
  const outline = frame(coverage);
  const soft = isSoft(coverage);
  const loops = traceLoops(outline);
  const largest = loops.reduce((most, loop) => Math.max(most, Math.abs(signedArea(loop))), 0);
  const least = Math.max(2, largest * SPECK);
  return loops
    .filter((loop) => Math.abs(signedArea(loop)) >= least)
    .map((loop) =>
      toPolygon(soft ? sharpen(loop) : loop, soft).map(([x, y]): [number, number] => [
        x - MARGIN,
        y + MARGIN,
      ]),
    )
    .filter((polygon) => polygon.length >= 3);
}

/** Whether edges are smoothed: most cells that an edge runs through are covered in part. */
function isSoft({ width, height, data }: Field): boolean {
  let edges = 0;
  let partly = 0;
  for (let cell = width; cell < width * (height - 1); cell++) {
    const value = data[cell]!;
    const inner = value > 0.5;
    const crosses =
      data[cell - 1]! > 0.5 !== inner ||
      data[cell + 1]! > 0.5 !== inner ||
      data[cell - width]! > 0.5 !== inner ||
      data[cell + width]! > 0.5 !== inner;
    if (!crosses) continue;
    edges++;
    if (value > 0.05 && value < 0.95) partly++;
  }
  return partly > edges * 0.25;
}

/** Traced polygons as a section whose corners nowhere meet in a point. */
function sectionOf(polygons: [number, number][][], { keep, CrossSection }: Solids): CrossSection {
  const section = keep(CrossSection.ofPolygons(polygons, "Positive"));
  const patches = patchesOf(section.toPolygons());
  return patches.length === 0
    ? section
    : keep(section.add(keep(CrossSection.ofPolygons(patches, "Positive"))));
}

/** The part in one piece: outline and plate are grown together, so that a slicer sees one solid. */
function build(sections: Sections, work: Work, solids: Solids): Piece[] {
  const { plan } = work;
  const { keep } = solids;
  const { outline, plate } = sections;
  const own = (solid: Manifold): Manifold => keep(solid.asOriginal());
  if (plan.build === "cutter") {
    const filled = keep(solids.CrossSection.ofPolygons(outerOf(outline), "Positive"));
    const wall = (width: number, top: number): Manifold => {
      const around = keep(keep(filled.offset(width, "Round")).subtract(filled));
      return raise(around, 0, top, SHARP, solids);
    };
    const rings = [RIM, WALL, BLADE].map(({ width, top }) => wall(width, top));
    const whole = own(keep(solids.Manifold.union(rings)));
    const colour = work.palette[0]?.colour ?? WHITE;
    return pieces(
      whole,
      new Map([[whole.originalID(), { name: "cutter", paint: { colour } }]]),
      work,
      sections,
      solids,
    );
  }
  const top = plate === undefined ? 0 : plan.plateThickness;
  const cut = plan.build === "engrave" && plate !== undefined;
  const depth = cut ? Math.min(plan.thickness, top * 0.75) : plan.thickness;
  const shape = own(
    cut
      ? raise(outline, top - depth, top + 1, SHARP, solids)
      : raise(outline, 0, top + depth, plan.bevel, solids),
  );
  const names = new Map([[shape.originalID(), { name: "shape", paint: work.paint }]]);
  if (plate === undefined) return pieces(shape, names, work, sections, solids);
  const slab = own(raise(plate, 0, top, cut ? plan.bevel : SHARP, solids));
  names.set(slab.originalID(), { name: "plate", paint: { colour: work.under } });
  const whole = keep(cut ? slab.subtract(shape) : slab.add(shape));
  return pieces(whole, names, work, sections, solids);
}

const WHITE = [236, 236, 232] as const;
const DARK = [40, 42, 46] as const;

/** The colour of the shape (undefined: the picture itself) and of what carries it. */
function coloursOf(
  look: Look,
  palette: readonly Swatch[],
  ground: Swatch["colour"] | undefined,
): [Swatch["colour"] | undefined, Swatch["colour"]] {
  const [first] = palette;
  const plain = first !== undefined && shareOfColour(look.cells, look.coverage, first) >= PLAIN;
  const paint = plain ? first.colour : undefined;
  if (ground !== undefined) return [paint, ground];
  const [r, g, b] = first?.colour ?? DARK;
  return [paint, 0.2126 * r + 0.7152 * g + 0.0722 * b > 128 ? DARK : WHITE];
}

/** Each flat colour as a body of its own, every further one a step higher: for printers with several filaments. */
function stackColours(sections: Sections, work: Work, cells: Picture, solids: Solids): Piece[] {
  const { plan, palette, cutout } = work;
  const { keep } = solids;
  const base = sections.plate ?? sections.outline;
  const low = sections.plate === undefined ? plan.thickness : plan.plateThickness;
  const ground = sections.plate === undefined ? undefined : work.under;
  const found = layersOf(cells, cutout.coverage, palette.slice(0, plan.colours), ground);
  const made: { section: CrossSection; colour: Swatch["colour"]; from: number; to: number }[] = [
    { section: base, colour: found.base, from: 0, to: low },
  ];
  let from = low;
  let below = base;
  for (const { coverage, colour } of found.layers) {
    const traced = sectionOf(contoursOf(coverage), solids);
    const sized = keep(traced.scale([(plan.mirrored ? -1 : 1) * sections.scale, sections.scale]));
    // A hair inside what it stands on: bodies that share an edge are no solids any more.
    const section = keep(sized.intersect(keep(below.offset(-HAIR, "Miter"))));
    if (section.isEmpty()) continue;
    made.push({ section, colour, from, to: from + plan.colourStep });
    from += plan.colourStep;
    below = section;
  }
  return made.flatMap(({ section, colour, from: start, to }, k) => {
    const last = k === made.length - 1;
    const solid = keep(raise(section, start, to, last ? plan.bevel : SHARP, solids).asOriginal());
    const names = new Map([[solid.originalID(), { name: `colour ${k + 1}`, paint: { colour } }]]);
    return pieces(solid, names, work, sections, solids);
  });
}

const HAIR = 0.02;

function outerOf(section: CrossSection): [number, number][][] {
  return section.toPolygons().filter((contour) => signedArea(contour) > 0);
}

/** The surfaces of a solid by what they belong to. */
function pieces(
  solid: Manifold,
  names: ReadonlyMap<number, Omit<Piece, "mesh">>,
  { cutout, plan, rimOf }: Work,
  { scale }: Sections,
  solids: Solids,
): Piece[] {
  const { width, height } = cutout.coverage;
  const turn = plan.mirrored ? -1 : 1;
  const lay = ([x, y]: readonly number[], [, , nz]: readonly number[]) => {
    const place = [
      clamp(((turn * x!) / scale + 0.5) / width),
      clamp((-y! / scale + 0.5) / height),
    ] as const;
    return nz! < -0.5 ? rimOf(place) : place;
  };
  return [...meshesOf(solid, solids, lay)].map(([id, mesh]) => ({ ...names.get(id)!, mesh }));
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
