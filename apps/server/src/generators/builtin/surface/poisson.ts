/** What a cell of the mask sees of its surroundings, and the right to change it: see `solvePoisson`. */
interface Level {
  readonly width: number;
  readonly height: number;
  /** Length of a cell, in cells of the finest level. */
  readonly spacing: number;
  readonly inside: Uint8Array;
  /** Inner cells, those with an even x + y first, so that a sweep can update one half from the other. */
  readonly cells: Int32Array;
  /** For each of them the coarser level's cell over it, times four, and by its two last bits where the next ones are. */
  readonly over: Int32Array;
  /** The diagonal of the operator, times spacing squared. */
  readonly diagonal: Float32Array;
  readonly value: Float32Array;
  readonly source: Float32Array;
  readonly residual: Float32Array;
  readonly correction: Float32Array;
}

export interface PoissonProblem {
  readonly width: number;
  readonly height: number;
  /** 1 where the equation holds; cells on the edge of the grid must be 0. */
  readonly inside: Uint8Array;
  /**
   * The diagonal of the five-point operator at each inner cell: 4 where all neighbours are inside. A neighbour that is
   * outside at distance t (0..1, where the outline crosses) adds 1/t in place of 1, so that the zero lies on the
   * outline itself and not on the grid's steps (Gibou et al., J. Comput. Phys. 176, 2002, the symmetric form).
   */
  readonly diagonal: Float32Array;
  /** Added to the diagonal per cell squared: holds wide parts down, leaves thin ones as they are. */
  readonly damping: number;
  readonly source: number;
}

export interface PoissonSolution {
  /** Not below zero, and zero outside. */
  readonly value: Float32Array;
  /** The residual's root mean square over that of the source, before the first cycle and after each. */
  readonly history: readonly number[];
}

const SWEEPS = 2;
const COARSEST_SWEEPS = 32;

/**
 * Solves -∇²u + damping·u = source inside a mask, u = 0 on its outline, by multigrid V-cycles.
 *
 * On a ragged mask the coarse grid's answer may point the wrong way. Each correction e is therefore scaled by
 * ⟨r,e⟩/⟨e,Ae⟩, the length that lowers the energy most, so that no mask can make the cycles diverge.
 */
export function solvePoisson(
  problem: PoissonProblem,
  tolerance = 2e-3,
  maxCycles = 24,
): PoissonSolution {
  const levels = buildLevels(problem);
  const [finest] = levels;
  if (finest === undefined)
    return { value: new Float32Array(problem.width * problem.height), history: [0] };
  begin(levels, problem.source);
  const scale = problem.source * Math.sqrt(Math.max(1, finest.cells.length));
  const history = [updateResidual(finest) / scale];
  while (history.length <= maxCycles && history.at(-1)! > tolerance) {
    cycle(levels, 0);
    history.push(updateResidual(finest) / scale);
  }
  for (const cell of finest.cells) finest.value[cell] = Math.max(0, finest.value[cell]!);
  return { value: finest.value, history };
}

/** A first guess: the coarsest grid's answer, carried from level to level and mended by a cycle on each but the last. */
function begin(levels: readonly Level[], source: number): void {
  for (let depth = levels.length - 1; depth >= 0; depth--) {
    const level = levels[depth]!;
    const coarse = levels[depth + 1];
    for (let k = 0; k < level.cells.length; k++) level.source[level.cells[k]!] = source;
    if (coarse !== undefined) {
      interpolate(coarse, level);
      level.value.set(level.correction);
    }
    if (depth > 0) cycle(levels, depth);
  }
}

function buildLevels({ width, height, inside, diagonal, damping }: PoissonProblem): Level[] {
  const levels = [buildLevel(width, height, 1, inside, damping, diagonal)];
  for (let fine = levels[0]!; Math.min(fine.width, fine.height) > 6; fine = levels.at(-1)!) {
    const coarse = coarsen(fine);
    const level = buildLevel(coarse.width, coarse.height, fine.spacing * 2, coarse.inside, damping);
    if (level.cells.length === 0) break;
    levels.push(level);
  }
  return levels;
}

/** A coarse cell is inside when three of its four cells are; cells at the edge stay outside. */
function coarsen(fine: Level): { width: number; height: number; inside: Uint8Array } {
  const width = (fine.width + 1) >> 1;
  const height = (fine.height + 1) >> 1;
  const inside = new Uint8Array(width * height);
  const count = new Uint8Array(width * height);
  for (const cell of fine.cells) {
    const x = cell % fine.width;
    const y = (cell - x) / fine.width;
    const parent = (y >> 1) * width + (x >> 1);
    if (++count[parent]! >= 3) inside[parent] = 1;
  }
  for (let x = 0; x < width; x++) inside[x] = inside[(height - 1) * width + x] = 0;
  for (let y = 0; y < height; y++) inside[y * width] = inside[y * width + width - 1] = 0;
  return { width, height, inside };
}

function buildLevel(
  width: number,
  height: number,
  spacing: number,
  inside: Uint8Array,
  damping: number,
  diagonal?: Float32Array,
): Level {
  const cells = new Int32Array(inside.length);
  const over = new Int32Array(inside.length);
  const coarser = (width + 1) >> 1;
  const damped = new Float32Array(inside.length);
  let count = 0;
  for (const parity of [0, 1]) {
    for (let y = 1; y < height - 1; y++) {
      for (let x = 1 + ((y + 1 + parity) & 1); x < width - 1; x += 2) {
        const cell = y * width + x;
        if (inside[cell] === 0) continue;
        over[count] = (((y >> 1) * coarser + (x >> 1)) << 2) | ((y & 1) << 1) | (x & 1);
        cells[count++] = cell;
        damped[cell] = (diagonal?.[cell] ?? 4) + damping * spacing * spacing;
      }
    }
  }
  const zeros = (): Float32Array => new Float32Array(width * height);
  return {
    width,
    height,
    spacing,
    inside,
    cells: cells.subarray(0, count),
    over: over.subarray(0, count),
    diagonal: damped,
    value: zeros(),
    source: zeros(),
    residual: zeros(),
    correction: zeros(),
  };
}

function sweep({ width, spacing, cells, diagonal, value, source }: Level, times: number): void {
  const area = spacing * spacing;
  for (let time = 0; time < times; time++) {
    for (let k = 0; k < cells.length; k++) {
      const i = cells[k]!;
      const around = value[i - 1]! + value[i + 1]! + value[i - width]! + value[i + width]!;
      value[i] = (around + area * source[i]!) / diagonal[i]!;
    }
  }
}

/** Stores source - A·value and returns its Euclidean norm. */
function updateResidual({
  width,
  spacing,
  cells,
  diagonal,
  value,
  source,
  residual,
}: Level): number {
  const scale = 1 / (spacing * spacing);
  let sum = 0;
  for (let k = 0; k < cells.length; k++) {
    const i = cells[k]!;
    const around = value[i - 1]! + value[i + 1]! + value[i - width]! + value[i + width]!;
    const r = source[i]! - (diagonal[i]! * value[i]! - around) * scale;
    residual[i] = r;
    sum += r * r;
  }
  return Math.sqrt(sum);
}

function cycle(levels: readonly Level[], depth: number): void {
  const fine = levels[depth]!;
  const coarse = levels[depth + 1];
  if (coarse === undefined) return sweep(fine, COARSEST_SWEEPS);
  sweep(fine, SWEEPS);
  updateResidual(fine);
  restrict(fine, coarse);
  cycle(levels, depth + 1);
  interpolate(coarse, fine);
  addCorrection(fine);
  sweep(fine, SWEEPS);
}

/** The coarse source is the mean of the fine residuals; the coarse search starts at zero. */
function restrict(fine: Level, coarse: Level): void {
  coarse.value.fill(0);
  const { residual, width } = fine;
  for (let k = 0; k < coarse.cells.length; k++) {
    const cell = coarse.cells[k]!;
    const x = cell % coarse.width;
    const i = ((cell - x) / coarse.width) * 2 * width + 2 * x;
    // Inner coarse cells always have four fine ones; outside of the mask the residual is zero.
    coarse.source[cell] =
      0.25 * (residual[i]! + residual[i + 1]! + residual[i + width]! + residual[i + width + 1]!);
  }
}

/** Bilinear between the centres of the coarse cells. */
function interpolate(coarse: Level, fine: Level): void {
  const { value, width } = coarse;
  const { cells, over, correction } = fine;
  for (let k = 0; k < cells.length; k++) {
    const where = over[k]!;
    const near = where >> 2;
    // Inner cells are never on the grid's edge, so the next ones are on the coarser grid.
    const dx = (where & 1) === 0 ? -1 : 1;
    const dy = (where & 2) === 0 ? -width : width;
    correction[cells[k]!] =
      0.5625 * value[near]! +
      0.1875 * (value[near + dx]! + value[near + dy]!) +
      0.0625 * value[near + dx + dy]!;
  }
}

function addCorrection({
  width,
  spacing,
  cells,
  diagonal,
  value,
  residual,
  correction: e,
}: Level): void {
  const scale = 1 / (spacing * spacing);
  let along = 0;
  let energy = 0;
  for (let k = 0; k < cells.length; k++) {
    const i = cells[k]!;
    along += residual[i]! * e[i]!;
    energy +=
      e[i]! *
      (diagonal[i]! * e[i]! - e[i - 1]! - e[i + 1]! - e[i - width]! - e[i + width]!) *
      scale;
  }
  if (energy <= 0) return;
  const length = along / energy;
  for (let k = 0; k < cells.length; k++)
    value[cells[k]!] = value[cells[k]!]! + length * e[cells[k]!]!;
}
