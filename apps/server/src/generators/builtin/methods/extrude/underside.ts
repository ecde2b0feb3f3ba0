import { partsOf, type Field, type Picture } from "../../picture/raster.ts";

/** A place in the picture, 0..1 from its left and from its top. */
type Place = readonly [u: number, v: number];

/** What is covered so far has the part's own colour, not one mixed with its ground. */
const COVERED = 0.9;
/** A traced line may run beside the cells of its part, by so many. */
const BESIDE = 2;

/**
 * Tells for a place which other one has the colour of the rim there, part by part: what looks to the bed is painted
 * with it, so that nothing is mirrored and each part keeps its colour.
 */
export function rimPlaces(cells: Picture, coverage: Field): (place: Place) => Place {
  const { width, height } = coverage;
  const { label, size } = partsOf(coverage);
  const rims: number[][] = size.map(() => []);
  for (let cell = 0; cell < label.length; cell++) {
    const name = label[cell]!;
    if (name !== 0 && isRim(coverage, cell)) rims[name]!.push(cell);
  }
  const middles = rims.map((rim) => middleOf(rim, cells));

  function partAt([u, v]: Place): number {
    const [x, y] = [Math.round(u * width - 0.5), Math.round(v * height - 0.5)];
    for (let far = 0; far <= BESIDE; far++)
      for (let dy = -far; dy <= far; dy++)
        for (let dx = -far; dx <= far; dx++) {
          const [nx, ny] = [x + dx, y + dy];
          if (nx < 0 || ny < 0 || nx >= width || ny >= height) continue;
          const name = label[ny * width + nx]!;
          if (name !== 0) return name;
        }
    return 0;
  }

  return (place) => {
    const cell = middles[partAt(place)];
    // The picture's corner, into which the rims' colours run on.
    if (cell === undefined) return [0, 0];
    return [((cell % width) + 0.5) / width, (Math.floor(cell / width) + 0.5) / height];
  };
}

function isRim({ data, width }: Field, cell: number): boolean {
  return (
    data[cell]! > COVERED &&
    !(
      data[cell - 1]! > COVERED &&
      data[cell + 1]! > COVERED &&
      data[cell - width]! > COVERED &&
      data[cell + width]! > COVERED
    )
  );
}

/** The cell whose colour is nearest to the middle one of all. */
function middleOf(some: readonly number[], { data }: Picture): number | undefined {
  const middle = [0, 1, 2].map(
    (k) => some.map((cell) => data[cell * 4 + k]!).toSorted((a, b) => a - b)[some.length >> 1] ?? 0,
  );
  let [best, least] = [undefined as number | undefined, Infinity];
  for (const cell of some) {
    const gap = middle.reduce((sum, value, k) => sum + (data[cell * 4 + k]! - value) ** 2, 0);
    if (gap < least) [best, least] = [cell, gap];
  }
  return best;
}
