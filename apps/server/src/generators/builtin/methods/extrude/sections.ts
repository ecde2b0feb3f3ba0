import type { CrossSection } from "manifold-3d";
import type { Solids } from "../../surface/solids.ts";
import type { Plan } from "./plan.ts";

/** The flat shapes that a part is raised from, in millimetres, x to the right, y up. */
export interface Sections {
  readonly outline: CrossSection;
  /** What carries it: the plate, or undefined where the outline stands alone. */
  readonly plate: CrossSection | undefined;
  /** Millimetres of the part for each cell of the traced outline. */
  readonly scale: number;
}

/** The hole of a key ring and the material around it, mm. */
const HOLE = 2.5;
const LUG = 5;
/** How far the lug's middle stands out over the part's top, mm. */
const OUT = 2;
const CORNER = 0.15;

/** Lays out outline, plate and ring so that the longest side of all is the size that was asked for. */
export function layOut(traced: CrossSection, plan: Plan, solids: Solids): Sections {
  const { keep } = solids;
  let scale = plan.size / longest(traced);
  let sections = sectionsAt(scale, traced, plan, solids);
  // Margins and lugs keep their millimetres, so the scale that makes all fit is found by trying: each try is nearer.
  for (let round = 0; round < 4; round++) {
    const whole = sections.plate === undefined ? sections.outline : sections.plate;
    const flange = plan.build === "cutter" ? keep(whole.offset(RIM.width, "Round")) : whole;
    const over = longest(flange) - plan.size;
    scale = Math.max(scale * 0.2, scale - over / longest(traced));
    sections = sectionsAt(scale, traced, plan, solids);
  }
  return sections;
}

/** A cookie cutter's rim, wall and blade, mm: width beyond the outline, and height that it reaches. */
export const RIM = { width: 5, top: 2 } as const;
export const WALL = { width: 1.2, top: 11 } as const;
export const BLADE = { width: 0.5, top: 14 } as const;

function sectionsAt(
  scale: number,
  traced: CrossSection,
  plan: Plan,
  { keep, CrossSection }: Solids,
): Sections {
  const sized = keep(traced.scale([plan.mirrored ? -scale : scale, scale]));
  const outline = plan.ring && plan.plate === "none" ? withLug(sized) : sized;
  const around = plateAround(sized);
  const plate = around !== undefined && plan.ring ? withLug(around) : around;
  return { outline, plate, scale };

  function plateAround(of: CrossSection): CrossSection | undefined {
    if (plan.plate === "none") return undefined;
    if (plan.plate === "outline") return keep(withoutHoles(of)).offset(plan.margin, "Round");
    const { min, max } = of.bounds();
    const [width, height] = [max[0] - min[0], max[1] - min[1]];
    const round = plan.plate === "rounded" ? Math.min(width, height) * CORNER : 0;
    const square = keep(keep(CrossSection.square([width, height])).translate(min[0], min[1]));
    const wide = keep(square.offset(plan.margin, "Miter"));
    if (round === 0) return wide;
    return keep(keep(wide.offset(-round, "Miter")).offset(round, "Round"));
  }

  function withoutHoles(of: CrossSection): CrossSection {
    const outer = of.toPolygons().filter((contour) => areaOf(contour) > 0);
    return keep(CrossSection.ofPolygons(outer, "Positive"));
  }

  function withLug(of: CrossSection): CrossSection {
    const [x, y] = topOf(of);
    const lug = keep(keep(CrossSection.circle(LUG, 64)).translate(x, y + OUT));
    const hole = keep(keep(CrossSection.circle(HOLE, 48)).translate(x, y + OUT));
    return keep(keep(of.add(lug)).subtract(hole));
  }
}

/** The middle of the highest stretch of a section. */
function topOf(section: CrossSection): readonly [number, number] {
  const { max, min } = section.bounds();
  const near = (max[1] - min[1]) * 0.01;
  const high = section
    .toPolygons()
    .flat()
    .filter(([, y]) => y > max[1] - near);
  const xs = high.map(([x]) => x);
  const middle = (Math.min(...xs) + Math.max(...xs)) / 2;
  return [middle, max[1]];
}

function longest(section: CrossSection): number {
  const { min, max } = section.bounds();
  return Math.max(max[0] - min[0], max[1] - min[1]);
}

function areaOf(contour: readonly (readonly [number, number])[]): number {
  return contour.reduce((sum, [x, y], i) => {
    const [u, v] = contour[(i + 1) % contour.length]!;
    return sum + x * v - u * y;
  }, 0);
}
