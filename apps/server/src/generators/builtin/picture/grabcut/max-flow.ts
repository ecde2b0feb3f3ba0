/** What a minimum cut is asked of: cells on a grid, each drawn to one of two sides and held by its neighbours. */
export interface Grid {
  readonly width: number;
  readonly height: number;
  /** How much dearer it is to leave a cell outside than inside; negative: the other way round. */
  readonly pull: Float32Array;
  /** What it costs to part a cell from its neighbour: for each of `LINKS` one number a cell. */
  readonly ties: readonly Float32Array[];
}

/** The neighbours that a cell has ties to: right, below, right below, left below. */
export const LINKS = [
  [1, 0],
  [0, 1],
  [1, 1],
  [-1, 1],
] as const;

const [FREE, SOURCE, SINK] = [0, 1, 2];
const [NOBODY, TERMINAL, ORPHAN] = [-1, 8, 9];

/**
 * Parts the cells at least cost: 1 for those inside. The algorithm of Boykov and Kolmogorov (PAMI 2004): two trees grow
 * from source and sink, and are mended after every path that is filled up, not grown again.
 */
export function minimumCut({ width, height, pull, ties }: Grid): Uint8Array {
  const count = width * height;
  // Direction d and d ^ 1 are opposite.
  const offsets = Int32Array.from(LINKS.flatMap(([x, y]) => [y * width + x, -y * width - x]));
  // What can still flow from a cell to each of its eight neighbours, side by side: a walk reads them in turn.
  const rest = new Float32Array(count * 8);
  LINKS.forEach(([x, y], link) => {
    for (let cell = 0; cell < count; cell++) {
      const column = (cell % width) + x;
      if (column < 0 || column >= width || cell + y * width >= count) continue;
      rest[cell * 8 + link * 2] = ties[link]![cell]!;
      rest[(cell + y * width + x) * 8 + link * 2 + 1] = ties[link]![cell]!;
    }
  });
  const terminal = Float32Array.from(pull);
  const tree = new Uint8Array(count);
  const parent = new Int8Array(count).fill(NOBODY);
  const time = new Int32Array(count);
  const far = new Int32Array(count);
  const waits = new Uint8Array(count);
  const queue = new Int32Array(count + 1);
  let [head, tail, now] = [0, 0, 0];
  const orphans: number[] = [];

  const activate = (cell: number): void => {
    if (waits[cell] === 1) return;
    waits[cell] = 1;
    queue[tail] = cell;
    tail = (tail + 1) % (count + 1);
  };
  /** What can still flow between a cell and its neighbour in direction `d`, away from the tree's root. */
  const room = (cell: number, d: number, side: number): number =>
    side === SOURCE ? rest[cell * 8 + d]! : rest[(cell + offsets[d]!) * 8 + (d ^ 1)]!;

  for (let cell = 0; cell < count; cell++) {
    if (terminal[cell] === 0) continue;
    tree[cell] = terminal[cell]! > 0 ? SOURCE : SINK;
    parent[cell] = TERMINAL;
    far[cell] = 1;
    activate(cell);
  }

  /** Grows the tree of a cell; returns the direction in which the other tree begins, or -1. */
  function grow(cell: number): number {
    const side = tree[cell]!;
    for (let d = 0; d < 8; d++) {
      if (!(room(cell, d, side) > 0)) continue;
      const next = cell + offsets[d]!;
      if (tree[next] === FREE) {
        tree[next] = side;
        parent[next] = d ^ 1;
        time[next] = time[cell]!;
        far[next] = far[cell]! + 1;
        activate(next);
      } else if (tree[next] !== side) {
        return d;
      } else if (time[next]! <= time[cell]! && far[next]! > far[cell]!) {
        parent[next] = d ^ 1;
        time[next] = time[cell]!;
        far[next] = far[cell]! + 1;
      }
    }
    return -1;
  }

  /** How much can flow between a cell and its tree's root. */
  function roomToRoot(from: number, side: number): number {
    let least = Infinity;
    let cell = from;
    for (let d = parent[cell]!; d !== TERMINAL; d = parent[cell]!) {
      const up = cell + offsets[d]!;
      const left = side === SOURCE ? rest[up * 8 + (d ^ 1)]! : rest[cell * 8 + d]!;
      if (left < least) least = left;
      cell = up;
    }
    return Math.min(least, Math.abs(terminal[cell]!));
  }

  /** Takes `flow` out of the way between a cell and its tree's root; where nothing is left, the way is cut. */
  function fill(from: number, side: number, flow: number): void {
    let cell = from;
    for (let d = parent[cell]!; d !== TERMINAL; d = parent[cell]!) {
      const up = cell + offsets[d]!;
      const [down, upwards] = [up * 8 + (d ^ 1), cell * 8 + d];
      const line = side === SOURCE ? down : upwards;
      rest[line]! -= flow;
      rest[side === SOURCE ? upwards : down]! += flow;
      if (!(rest[line]! > 0)) {
        rest[line] = 0;
        parent[cell] = ORPHAN;
        orphans.push(cell);
      }
      cell = up;
    }
    terminal[cell]! -= side === SOURCE ? flow : -flow;
    if (side === SOURCE ? !(terminal[cell]! > 0) : !(terminal[cell]! < 0)) {
      terminal[cell] = 0;
      parent[cell] = ORPHAN;
      orphans.push(cell);
    }
  }

  /** How far a cell is from its root, or 0 if it has none any more. */
  function origin(from: number): number {
    let cell = from;
    let steps = 0;
    for (;;) {
      if (time[cell] === now) return steps + far[cell]!;
      steps++;
      const up = parent[cell]!;
      if (up === TERMINAL) return steps;
      if (up === ORPHAN || up === NOBODY) return 0;
      cell += offsets[up]!;
    }
  }

  function adopt(cell: number): void {
    const side = tree[cell]!;
    let [best, least] = [NOBODY, Infinity];
    for (let d = 0; d < 8; d++) {
      const next = cell + offsets[d]!;
      // From the neighbour to this cell, seen from the root.
      const open = side === SOURCE ? rest[next * 8 + (d ^ 1)]! : rest[cell * 8 + d]!;
      if (!(open > 0) || tree[next] !== side) continue;
      const steps = origin(next);
      if (steps === 0 || steps >= least) continue;
      [best, least] = [d, steps];
      mark(next, steps);
    }
    parent[cell] = best;
    if (best !== NOBODY) {
      time[cell] = now;
      far[cell] = least + 1;
      return;
    }
    for (let d = 0; d < 8; d++) {
      const next = cell + offsets[d]!;
      if (tree[next] !== side) continue;
      const open = side === SOURCE ? rest[next * 8 + (d ^ 1)]! : rest[cell * 8 + d]!;
      if (open > 0) activate(next);
      if (parent[next] === (d ^ 1)) {
        parent[next] = ORPHAN;
        orphans.push(next);
      }
    }
    tree[cell] = FREE;
  }

  /** Leaves the distance on the way to the root, so that the next look is short. */
  function mark(from: number, steps: number): void {
    let [cell, left] = [from, steps];
    while (time[cell] !== now) {
      time[cell] = now;
      far[cell] = left--;
      if (parent[cell] === TERMINAL) return;
      cell += offsets[parent[cell]!]!;
    }
  }

  while (head !== tail) {
    const cell = queue[head]!;
    if (parent[cell] === NOBODY || tree[cell] === FREE) {
      head = (head + 1) % (count + 1);
      waits[cell] = 0;
      continue;
    }
    const d = grow(cell);
    if (d < 0) {
      head = (head + 1) % (count + 1);
      waits[cell] = 0;
      continue;
    }
    const next = cell + offsets[d]!;
    const isSource = tree[cell] === SOURCE;
    const [inner, outer, line] = isSource ? [cell, next, d] : [next, cell, d ^ 1];
    const there = inner * 8 + line;
    const flow = Math.min(rest[there]!, roomToRoot(inner, SOURCE), roomToRoot(outer, SINK));
    rest[there]! -= flow;
    rest[outer * 8 + (line ^ 1)]! += flow;
    fill(inner, SOURCE, flow);
    fill(outer, SINK, flow);
    now++;
    for (let orphan = orphans.pop(); orphan !== undefined; orphan = orphans.pop()) adopt(orphan);
  }
  return tree.map((side) => (side === SOURCE ? 1 : 0));
}
