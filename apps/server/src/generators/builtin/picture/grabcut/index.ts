import { toLab } from "../lab.ts";
import { areas, type Picture } from "../raster.ts";
import { shrink } from "../scene/grid.ts";
import { LINKS, minimumCut } from "./max-flow.ts";
import { fitMixture, type Mixture } from "./mixture.ts";

/** An object cut out of a small picture by its colours. */
export interface Grabbed {
  readonly width: number;
  readonly height: number;
  /** 1 where the object is. */
  readonly inside: Uint8Array;
  /** Why the cut may be wrong, or undefined where everything speaks for it. */
  readonly doubt: string | undefined;
}

/** What speaks for a cut and against it. */
interface Evidence {
  /** The share of the picture inside. */
  readonly share: number;
  /** The share of the frame along the picture's edge that the object comes up to. */
  readonly atEdge: number;
  /** How well the colours tell inside from outside: the share of pixels that they alone would put where they are. */
  readonly told: number;
  /** The colour step across the outline, as to the usual step between neighbours outside. */
  readonly step: number;
  /** The overlap of what is found from a narrower and from a wider start. */
  readonly agreement: number;
  /** The largest part's share of all. */
  readonly whole: number;
  /** Outline squared over area, 1 for a disc. */
  readonly ragged: number;
}

/** Gaussians for each side. */
const INSIDE = 5;
const OUTSIDE = 6;
const ROUNDS = 3;
/** What it costs at most to part two neighbours, in units of -log of a density. */
const TIE = 50;
/** The frame that is taken for background, of the shorter side. */
const FRAME = 0.03;
/** Where an object is looked for at first; distances from the middle are in the picture's sides. */
interface Start {
  /** How far from the middle it may be. */
  readonly middle: number;
  /** How strong the ties between neighbours are. */
  readonly ties: number;
  /** From here on all is taken for background; the picture's frame alone, if not given. */
  readonly around?: number;
}

/**
 * Pairs of starts that a sure object is found from alike. What is unlike the frame is found by the first pair; where
 * something else stands between the object and the frame, the second pair takes that for background too.
 */
const STARTS: readonly [readonly [Start, Start], readonly [Start, Start]] = [
  [
    { middle: 0.3, ties: 0.4 },
    { middle: 0.4, ties: 1 },
  ],
  [
    { middle: 0.25, ties: 0.4, around: 0.36 },
    { middle: 0.32, ties: 1, around: 0.42 },
  ],
];

/**
 * GrabCut (Rother, Kolmogorov and Blake, 2004) without the person who draws a box: the picture's frame is background,
 * what is unlike it in the middle is the first guess at the object.
 *
 * @param picture small: about 256 pixels along its longest side
 */
export function grabCut(picture: Picture): Grabbed {
  const { width, height } = picture;
  const [inFrame, aroundMiddle] = STARTS;
  const scene = sceneOf(picture);
  const first = agreed(scene, inFrame);
  if (first.doubt === undefined) return { width, height, ...first };
  // Most photographs hold nothing to be cut out: a quarter of the cells tells so in a quarter of the time.
  const coarse = agreed(sceneOf(shrink(picture, COARSE)), aroundMiddle);
  if (coarse.doubt !== undefined) return { width, height, ...first };
  const second = agreed(scene, aroundMiddle);
  return { width, height, ...(second.doubt === undefined ? second : first) };
}

/** Cells along the longest side for a first look. */
const COARSE = 128;

function sceneOf(picture: Picture): Scene {
  const { width, height } = picture;
  const lab = toLab(picture);
  return {
    width,
    height,
    lab,
    ties: tiesOf(lab, width, height),
    frame: frameOf(width, height),
  };
}

/** What two starts find, and what speaks against it; the second is left out where the first has found nothing good. */
function agreed(
  scene: Scene,
  [start, wider]: readonly [Start, Start],
): Pick<Grabbed, "inside" | "doubt"> {
  const doubtOf = (cut: Cut, agreement: number): string | undefined => {
    const evidence = weigh(scene, cut, agreement);
    return DOUBTS.find(({ holds }) => holds(evidence))?.says;
  };
  const narrow = cutFrom(scene, start);
  const hopeless = start.around === undefined ? undefined : doubtOf(narrow, 1);
  if (hopeless !== undefined) return { inside: narrow.inside, doubt: hopeless };
  const cut = cutFrom(scene, wider);
  return { inside: cut.inside, doubt: doubtOf(cut, overlapOf(narrow.inside, cut.inside)) };
}

/** What a cut must stand: found on photographs whose masks are known, held by `pnpm set-test`. */
const DOUBTS: readonly { readonly says: string; readonly holds: (seen: Evidence) => boolean }[] = [
  { says: "nothing stands out from it", holds: ({ share }) => share < 0.015 },
  { says: "what stands out fills the picture", holds: ({ share }) => share > 0.7 },
  { says: "what stands out runs off the edge", holds: ({ atEdge }) => atEdge > 0.03 },
  {
    says: "what stands out has the same colours",
    // An outline with many turns follows an object with limbs, or the colours of what is behind it.
    holds: ({ told, ragged }) => told < (ragged > 2.9 ? 0.99 : 0.972),
  },
  { says: "it is not clear where the object ends", holds: ({ agreement }) => agreement < 0.93 },
  { says: "what stands out has no edge", holds: ({ step }) => step < 2.5 },
  {
    says: "what stands out is in pieces",
    holds: ({ whole, ragged }) => whole < 0.85 || ragged > 8,
  },
];

interface Scene {
  readonly width: number;
  readonly height: number;
  readonly lab: Float32Array;
  readonly ties: readonly Float32Array[];
  /** 1 in the frame along the edge. */
  readonly frame: Uint8Array;
}

interface Cut {
  readonly inside: Uint8Array;
  /** How much more the colours of a cell are those of the inside. */
  readonly pull: Float32Array;
}

function frameOf(width: number, height: number): Uint8Array {
  const thick = Math.max(1, Math.round(Math.min(width, height) * FRAME));
  return Uint8Array.from({ length: width * height }, (_, cell) => {
    const [x, y] = [cell % width, Math.floor(cell / width)];
    return x < thick || y < thick || x >= width - thick || y >= height - thick ? 1 : 0;
  });
}

/** Neighbours of like colour are dear to part: exp(-β|Δ|²), where 1/β is twice the mean square step. */
function tiesOf(lab: Float32Array, width: number, height: number): Float32Array[] {
  const squares = LINKS.map(([x, y]) => {
    const steps = new Float32Array(width * height);
    for (let row = 0; row + y < height; row++) {
      for (let column = Math.max(0, -x); column < width - Math.max(0, x); column++) {
        const [a, b] = [(row * width + column) * 3, ((row + y) * width + column + x) * 3];
        steps[row * width + column] =
          (lab[a]! - lab[b]!) ** 2 +
          (lab[a + 1]! - lab[b + 1]!) ** 2 +
          (lab[a + 2]! - lab[b + 2]!) ** 2;
      }
    }
    return steps;
  });
  const mean =
    squares.reduce((sum, steps) => sum + steps.reduce((a, b) => a + b, 0), 0) /
    ((squares.length * lab.length) / 3);
  const beta = 1 / (2 * Math.max(1e-3, mean));
  return squares.map((steps, k) => {
    const [x, y] = LINKS[k]!;
    const strength = TIE / Math.hypot(x, y);
    return steps.map((square) => strength * Math.exp(-beta * square));
  });
}

function membersOf(mask: Uint8Array, value: 0 | 1): Int32Array {
  const found: number[] = [];
  for (let cell = 0; cell < mask.length; cell++) if (mask[cell] === value) found.push(cell);
  return Int32Array.from(found);
}

/** What is unlike the background's colours, in an ellipse around the middle; the ellipse itself where too little is. */
function guess(
  { width, height, lab, frame }: Scene,
  { middle, around = Infinity }: Start,
): Uint8Array {
  const fromMiddle = Float32Array.from(frame, (_, cell) =>
    Math.hypot((cell % width) / width - 0.5, Math.floor(cell / width) / height - 0.5),
  );
  const rim = membersOf(
    frame.map((is, cell) => (is === 1 || fromMiddle[cell]! > around ? 1 : 0)),
    1,
  );
  const ground = fitMixture(lab, rim, OUTSIDE);
  const costs = Array.from(rim, (cell) => ground.cost(lab, cell * 3)).toSorted((a, b) => a - b);
  const usual = costs[Math.floor(costs.length * 0.95)]!;
  const within = frame.map((_, cell) => (fromMiddle[cell]! < middle ? 1 : 0));
  const unlike = within.map((is, cell) => (is === 1 && ground.cost(lab, cell * 3) > usual ? 1 : 0));
  const enough = unlike.reduce((sum, is) => sum + is, 0) > 0.01 * frame.length;
  return enough ? unlike : within;
}

function cutFrom(scene: Scene, start: Start): Cut {
  const { width, height, lab, frame } = scene;
  const ties = scene.ties.map((tie) => tie.map((value) => value * start.ties));
  let inside = guess(scene, start);
  let pull: Float32Array = new Float32Array(inside.length);
  for (let round = 0; round < ROUNDS; round++) {
    const [within, without] = [membersOf(inside, 1), membersOf(inside, 0)];
    if (within.length < 20 || without.length < 20) break;
    const [object, ground] = [fitMixture(lab, within, INSIDE), fitMixture(lab, without, OUTSIDE)];
    pull = pullOf(scene, object, ground);
    const next = minimumCut({
      width,
      height,
      ties,
      pull: pull.map((value, cell) => (frame[cell] === 1 ? -1e6 : value)),
    });
    const same = overlapOf(next, inside) > 0.995;
    inside = next;
    if (same) break;
  }
  return { inside: tidy(inside, width), pull };
}

/** A thing that is taken a picture of is more likely in its middle: how much, in units of -log of a density. */
const MIDDLE = 1;

function pullOf({ width, height, lab }: Scene, object: Mixture, ground: Mixture): Float32Array {
  return Float32Array.from({ length: width * height }, (_, cell) => {
    const [x, y] = [(cell % width) / width - 0.5, Math.floor(cell / width) / height - 0.5];
    return (
      ground.cost(lab, cell * 3) - object.cost(lab, cell * 3) + MIDDLE * (1 - 3 * Math.hypot(x, y))
    );
  });
}

/** Of the parts those that are no trifles; holes that are some are closed. */
function tidy(inside: Uint8Array, width: number): Uint8Array {
  const parts = areas(inside, width);
  const largest = parts.size.reduce((most, size) => Math.max(most, size), 0);
  const kept = inside.map((_, cell) => (parts.size[parts.label[cell]!]! > largest * 0.08 ? 1 : 0));
  const outside = kept.map((is) => 1 - is);
  const holes = areas(outside, width);
  return kept.map((is, cell) => {
    const name = holes.label[cell]!;
    return is === 1 || (name > 0 && !holes.touchesEdge[name]! && holes.size[name]! < largest * 0.01)
      ? 1
      : 0;
  });
}

/** Intersection over union of two masks. */
function overlapOf(a: Uint8Array, b: Uint8Array): number {
  let [both, either] = [0, 0];
  a.forEach((is, cell) => {
    if (is === 1 && b[cell] === 1) both++;
    if (is === 1 || b[cell] === 1) either++;
  });
  return either === 0 ? 0 : both / either;
}

function weigh({ width, lab, frame }: Scene, { inside, pull }: Cut, agreement: number): Evidence {
  const area = inside.reduce((sum, is) => sum + is, 0);
  const parts = areas(inside, width);
  const steps: number[] = [];
  const usual: number[] = [];
  let [rim, touches, edge] = [0, 0, 0];
  for (let cell = 0; cell < inside.length; cell++) {
    for (const next of [cell % width < width - 1 ? cell + 1 : -1, cell + width]) {
      if (next < 0 || next >= inside.length) continue;
      const gap = Math.hypot(
        lab[cell * 3]! - lab[next * 3]!,
        lab[cell * 3 + 1]! - lab[next * 3 + 1]!,
        lab[cell * 3 + 2]! - lab[next * 3 + 2]!,
      );
      if (inside[cell] !== inside[next]) {
        rim++;
        steps.push(gap);
      } else if (inside[cell] === 0) usual.push(gap);
      if (frame[cell] !== frame[next]) {
        edge++;
        if (inside[cell] === 1 || inside[next] === 1) touches++;
      }
    }
  }
  let told = 0;
  inside.forEach((is, cell) => (told += (is === 1) === pull[cell]! > 0 ? 1 : 0));
  let toldInside = 0;
  inside.forEach((is, cell) => (toldInside += is === 1 && pull[cell]! > 0 ? 1 : 0));
  return {
    share: area / inside.length,
    atEdge: touches / Math.max(1, edge),
    told: Math.min(told / inside.length, toldInside / Math.max(1, area)),
    step: median(steps) / Math.max(0.5, median(usual)),
    agreement,
    whole: parts.size.reduce((most, size) => Math.max(most, size), 0) / Math.max(1, area),
    ragged: (rim * rim) / (16 * Math.max(1, area)),
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
