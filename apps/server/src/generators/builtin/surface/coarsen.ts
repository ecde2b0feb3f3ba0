import type { Field } from "../picture/raster.ts";

/** The share of an allowed error that coarsening may use up: what is rough keeps more triangles if that is much. */
const SHARES = { rough: 0.1, smooth: 0.25 };

/**
 * Divides an allowed error, in longest sides, between coarsening and simplifying: they add as squares.
 *
 * @param longest the longest side, in the unit of the heights
 * @returns the tolerance of `coarsen`, below zero where no error is allowed, and the error that is left
 */
export function divideError(
  error: number,
  longest: number,
  surface: keyof typeof SHARES,
): { readonly tolerance: number; readonly left: number } {
  if (error <= 0) return { tolerance: -1, left: error };
  const share = SHARES[surface];
  return { tolerance: share * error * longest, left: error * Math.sqrt(1 - share ** 2) };
}

/** Two triangles cover a square of at most so many cells: a power of two. */
const LARGEST = 64;
/** Beyond the grid lie so many empty squares, so that no neighbour has to be looked for. */
const MARGIN = LARGEST / 4;
/** How often such a triangle can be halved. */
const SPLITS = 2 * Math.log2(LARGEST);

/**
 * Heights on a grid as a surface of few triangles: a right-triangulated irregular network (Evans, Kirkpatrick and
 * Townsend, Algorithmica 30, 2001). A triangle is split at the middle of its longest side until no cell under it is
 * further than `tolerance` from it along z. Beside a square that is not inside nothing is left out, so that whatever
 * goes on there shares its vertices with this surface.
 *
 * @param inside 1 for each square between four cells that is to be covered, at its upper left cell; 0 in the last row
 *   and column
 * @param tolerance in the unit of the heights; below zero keeps all cells
 * @returns the cells at the corners of each triangle, counter-clockwise if y pointed up
 */
export function coarsen(heights: Field, inside: Uint8Array, tolerance: number): Uint32Array {
  const grid = widen(heights, inside);
  return gather(grid, errorsOf(grid), tolerance);
}

/** Heights and squares on a grid whose sides are multiples of `LARGEST`, with a margin around. */
interface Grid {
  /** Squares from left to right and from top to bottom, without the margin. */
  readonly columns: number;
  readonly rows: number;
  /** Cells of a row, with the margin. */
  readonly stride: number;
  readonly z: Float32Array;
  readonly inside: Uint8Array;
  /** How many squares are inside. */
  readonly squares: number;
  /** For each cell the one that it was. */
  readonly source: Int32Array;
}

function widen({ width, height, data }: Field, inside: Uint8Array): Grid {
  const columns = Math.ceil((width - 1) / LARGEST) * LARGEST;
  const rows = Math.ceil((height - 1) / LARGEST) * LARGEST;
  const stride = columns + 1 + 2 * MARGIN;
  const z = new Float32Array(stride * (rows + 1 + 2 * MARGIN));
  const covered = new Uint8Array(z.length);
  const source = new Int32Array(z.length);
  let squares = 0;
  for (let y = 0; y < height; y++) {
    const to = (y + MARGIN) * stride + MARGIN;
    z.set(data.subarray(y * width, (y + 1) * width), to);
    for (let x = 0, cell = y * width; x < width; x++, cell++) {
      source[to + x] = cell;
      covered[to + x] = inside[cell]!;
      squares += inside[cell]!;
    }
  }
  return { columns, rows, stride, z, inside: covered, squares, source };
}

/**
 * For each cell that is the middle of some triangle's longest side: how far the surface may be off where it is left
 * out. Splitting a triangle there moves the surface by what the middle is off the side, and no cell by more; what
 * further splits move, comes on top. The least square beside the outline makes it infinite, for itself and for all
 * triangles that must be split before.
 */
function errorsOf({ columns, rows, stride, z, inside }: Grid): Float32Array {
  const errors = new Float32Array(z.length);
  const start = MARGIN * stride + MARGIN;
  const end = start + rows * stride;
  for (let side = 2; side <= LARGEST; side *= 2) {
    const half = side >> 1;
    const quarter = half >> 1;
    const down = half * stride;
    // The sides of the squares; the triangles beside them end in the middles of smaller squares.
    const near = quarter * stride;
    const across = (from: number, last: number, ends: number): void => {
      for (let i = from; i <= last; i += side) {
        if (side === 2) {
          const around =
            inside[i]! + inside[i - 1]! + inside[i - stride]! + inside[i - stride - 1]!;
          errors[i] = around === 0 ? 0 : around < 4 ? Infinity : off(z, i, ends);
          continue;
        }
        const below = i + near;
        const above = i - near;
        const later = Math.max(
          errors[below - quarter]!,
          errors[below + quarter]!,
          errors[above - quarter]!,
          errors[above + quarter]!,
        );
        errors[i] = off(z, i, ends) + later;
      }
    };
    for (let row = start; row <= end; row += side * stride) {
      across(row + half, row + columns, half);
      if (row < end) across(row + down, row + down + columns, down);
    }
    // The squares' middles: two triangles meet in a diagonal that falls and rises by turns.
    for (let row = start + down, y = 0; row < end; row += side * stride, y++) {
      for (let i = row + half, x = y; i < row + columns; i += side, x++) {
        const later = Math.max(
          errors[i - half]!,
          errors[i + half]!,
          errors[i - down]!,
          errors[i + down]!,
        );
        errors[i] = off(z, i, (x & 1) === 0 ? down + half : down - half) + later;
      }
    }
  }
  return errors;
}

/** How far a cell is off the middle of the line between the two that lie so far before and behind it. */
function off(z: Float32Array, cell: number, ends: number): number {
  return Math.abs(z[cell]! - (z[cell - ends]! + z[cell + ends]!) / 2);
}

function gather(
  { columns, rows, stride, z, inside, squares, source }: Grid,
  errors: Float32Array,
  tolerance: number,
): Uint32Array {
  const triangles = new Uint32Array(squares * 6);
  let used = 0;
  /** Halves a triangle, named by the ends of its longest side and the corner between the others, so many times at most. */
  const split = (a: number, b: number, c: number, times: number): void => {
    const middle = (a + b) >> 1;
    if (times > 0 && errors[middle]! > tolerance) {
      split(c, a, middle, times - 1);
      split(b, c, middle, times - 1);
      return;
    }
    // Of the smallest triangles two share a square; larger ones are inside or outside as a whole.
    if (inside[times > 0 ? middle : (a + b - stride - 1) >> 1] === 0) return;
    const opposite = a + b - c;
    // Both halves of a square turn to the diagonal that bends less, or is nearer to what lies under it.
    const isSquare = times < SPLITS && errors[opposite]! > tolerance;
    const turned =
      isSquare &&
      (times > 0
        ? Math.abs(z[middle]! * 2 - z[c]! - z[opposite]!) < Math.abs(z[middle]! * 2 - z[a]! - z[b]!)
        : Math.abs(z[c]! - z[opposite]!) < Math.abs(z[a]! - z[b]!));
    triangles[used++] = source[a]!;
    triangles[used++] = source[turned ? opposite : b]!;
    triangles[used++] = source[c]!;
  };
  const down = LARGEST * stride;
  for (let y = 0; y < rows / LARGEST; y++) {
    for (let x = 0; x < columns / LARGEST; x++) {
      const a = (MARGIN + y * LARGEST) * stride + MARGIN + x * LARGEST;
      const [b, c, d] = [a + LARGEST, a + down, a + down + LARGEST];
      if (((x + y) & 1) === 0) {
        split(d, a, c, SPLITS);
        split(a, d, b, SPLITS);
      } else {
        split(c, b, a, SPLITS);
        split(b, c, d, SPLITS);
      }
    }
  }
  return triangles.subarray(0, used);
}
