import type { EdgeModel } from "../guided.ts";
import { field, type Field, type Picture } from "../raster.ts";

/** A smaller picture of the means, `cells` along its longest side at most. */
export function shrink({ width, height, data }: Picture, cells: number): Picture {
  const scale = Math.min(1, cells / Math.max(width, height));
  const to = {
    width: Math.max(2, Math.round(width * scale)),
    height: Math.max(2, Math.round(height * scale)),
  };
  const sums = new Float32Array(to.width * to.height * 4);
  const columns = Int32Array.from(
    { length: width },
    (_, x) => Math.floor((x * to.width) / width) * 4,
  );
  for (let y = 0, from = 0; y < height; y++) {
    const row = Math.floor((y * to.height) / height) * to.width * 4;
    for (let x = 0; x < width; x++, from += 4) {
      const at = row + columns[x]!;
      sums[at]! += data[from]!;
      sums[at + 1]! += data[from + 1]!;
      sums[at + 2]! += data[from + 2]!;
      sums[at + 3]!++;
    }
  }
  const small = new Uint8Array(sums.length).fill(255);
  for (let at = 0; at < sums.length; at += 4) {
    for (let k = 0; k < 3; k++) small[at + k] = sums[at + k]! / sums[at + 3]! + 0.5;
  }
  return { ...to, data: small };
}

/** How much harder an edge is made than it comes out of the filter. */
const HARDER = 2;

/**
 * A mask over a small picture, on the cells of a larger one and with its edges: the fast guided filter (He and Sun,
 * 2015), whose lines are fitted on the coarse cells and applied on the fine ones.
 */
export function alongEdges(
  { slopes: [red, green, blue], offset }: EdgeModel,
  small: { readonly width: number; readonly height: number },
  cells: Picture,
): Field {
  const fine = field(cells.width, cells.height);
  const columns = between(small.width, cells.width);
  const rows = between(small.height, cells.height);
  for (let y = 0, cell = 0, at = 0; y < cells.height; y++) {
    const top = rows.low[y]! * small.width;
    const bottom = rows.high[y]! * small.width;
    const v = rows.share[y]!;
    for (let x = 0; x < cells.width; x++, cell++, at += 4) {
      const left = columns.low[x]!;
      const right = columns.high[x]!;
      const u = columns.share[x]!;
      const p = top + left;
      const q = top + right;
      const r = bottom + left;
      const s = bottom + right;
      const a = (1 - u) * (1 - v);
      const b = u * (1 - v);
      const c = (1 - u) * v;
      const d = u * v;
      const value =
        a * offset[p]! +
        b * offset[q]! +
        c * offset[r]! +
        d * offset[s]! +
        ((a * red[p]! + b * red[q]! + c * red[r]! + d * red[s]!) * cells.data[at]! +
          (a * green[p]! + b * green[q]! + c * green[r]! + d * green[s]!) * cells.data[at + 1]! +
          (a * blue[p]! + b * blue[q]! + c * blue[r]! + d * blue[s]!) * cells.data[at + 2]!) /
          255;
      fine.data[cell] = Math.max(0, Math.min(1, 0.5 + HARDER * (value - 0.5)));
    }
  }
  return fine;
}

/** For each of `to` places the two of `from` that it lies between, and the second one's share. */
function between(from: number, to: number) {
  const [low, high, share] = [new Int32Array(to), new Int32Array(to), new Float32Array(to)];
  for (let i = 0; i < to; i++) {
    const at = Math.max(0, Math.min(from - 1, ((i + 0.5) * from) / to - 0.5));
    low[i] = Math.floor(at);
    high[i] = Math.min(from - 1, low[i]! + 1);
    share[i] = at - low[i]!;
  }
  return { low, high, share };
}
