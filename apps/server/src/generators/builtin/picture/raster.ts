/** Numbers on a grid, row by row from the top. */
export interface Field {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** Eight-bit RGBA pixels, row by row from the top, alpha not multiplied in. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  /** The same without alpha, where all of it is opaque: resampled and painted in a third of the time. */
  readonly rgb?: Uint8Array;
}

/** A rectangle of pixels: left and top are inside, right and bottom are not. */
export interface Rect {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export function field(width: number, height: number): Field {
  return { width, height, data: new Float32Array(width * height) };
}

/**
 * Smooths by a box of `2 * radius + 1` cells, `passes` times in both directions: three passes come close to a
 * Gaussian. Running sums make the cost independent of the radius; cells beyond the edge repeat the edge.
 */
export function blur({ width, height, data }: Field, radius: number, passes: number): Field {
  let from: Float32Array = data.slice();
  let to: Float32Array = new Float32Array(data.length);
  for (let pass = 0; pass < passes; pass++) {
    boxRows(from, to, width, radius);
    boxColumns(to, from, width, radius);
  }
  return { width, height, data: from };
}

function boxRows(from: Float32Array, to: Float32Array, width: number, radius: number): void {
  const scale = 1 / (2 * radius + 1);
  for (let start = 0; start < from.length; start += width) {
    const end = start + width - 1;
    let sum = from[start]! * (radius + 1);
    for (let i = start; i < start + radius; i++) sum += from[Math.min(i, end)]!;
    for (let i = start; i <= end; i++) {
      sum += from[Math.min(i + radius, end)]!;
      sum -= from[Math.max(i - radius - 1, start)]!;
      to[i] = sum * scale;
    }
  }
}

/** All columns at once, row by row: memory is read in its order. */
function boxColumns(from: Float32Array, to: Float32Array, width: number, radius: number): void {
  const scale = 1 / (2 * radius + 1);
  const end = from.length - width;
  const sums = new Float64Array(width);
  for (let x = 0; x < width; x++) sums[x] = from[x]! * (radius + 1);
  for (let k = 0; k < radius; k++) {
    const row = Math.min(k * width, end);
    for (let x = 0; x < width; x++) sums[x]! += from[row + x]!;
  }
  const far = radius * width;
  for (let row = 0; row <= end; row += width) {
    const ahead = Math.min(row + far, end);
    const behind = Math.max(row - far - width, 0);
    for (let x = 0; x < width; x++) {
      const sum = sums[x]! + from[ahead + x]! - from[behind + x]!;
      sums[x] = sum;
      to[row + x] = sum * scale;
    }
  }
}

/**
 * Enlarges bytes of any number of channels, bilinear between the centres of the pixels. sharp's own enlarging moves the
 * picture by half a pixel of the result, which is half of a thin line.
 */
export function enlarge(
  data: Uint8Array,
  from: { readonly width: number; readonly height: number },
  to: { readonly width: number; readonly height: number },
): Uint8Array {
  const channels = data.length / (from.width * from.height);
  const out = new Uint8Array(to.width * to.height * channels);
  const columns = steps(from.width, to.width, channels);
  const rows = steps(from.height, to.height, from.width * channels);
  for (let y = 0, o = 0; y < to.height; y++) {
    const { low: top, high: bottom, share: v } = rows[y]!;
    for (let x = 0; x < to.width; x++) {
      const { low: left, high: right, share: u } = columns[x]!;
      for (let k = 0; k < channels; k++, o++) {
        const upper = data[top + left + k]! * (1 - u) + data[top + right + k]! * u;
        const lower = data[bottom + left + k]! * (1 - u) + data[bottom + right + k]! * u;
        out[o] = Math.round(upper * (1 - v) + lower * v);
      }
    }
  }
  return out;
}

/** For each cell of the result the offsets of its two neighbours in the source, and the second one's share. */
function steps(
  from: number,
  to: number,
  stride: number,
): { low: number; high: number; share: number }[] {
  return Array.from({ length: to }, (_, i) => {
    const at = Math.max(0, Math.min(from - 1, ((i + 0.5) * from) / to - 0.5));
    const low = Math.floor(at);
    return { low: low * stride, high: Math.min(from - 1, low + 1) * stride, share: at - low };
  });
}

/** The areas of a mask whose cells touch by their sides. */
export interface Areas {
  /** For each cell the number of its area from 1, or 0. */
  readonly label: Int32Array;
  /** Cells of each area; index 0 is unused. */
  readonly size: number[];
  /** Whether the area reaches the edge of the grid; index 0 is unused. */
  readonly touchesEdge: boolean[];
}

/** The parts that a field covers by more than half. */
export function partsOf(field: Field): Areas {
  return areas(insideOf(field), field.width);
}

/** 1 for every cell that is more than half covered. */
export function insideOf({ data }: Field): Uint8Array {
  const inside = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) inside[i] = data[i]! > 0.5 ? 1 : 0;
  return inside;
}

export function areas(mask: Uint8Array, width: number): Areas {
  const label = new Int32Array(mask.length);
  const stack = new Int32Array(mask.length);
  const size = [0];
  const touchesEdge = [false];
  for (let seed = 0; seed < mask.length; seed++) {
    if (mask[seed] === 0 || label[seed] !== 0) continue;
    const name = size.length;
    let count = 0;
    let touches = false;
    let top = 1;
    stack[0] = seed;
    // Row by row: a run of cells is named as a whole, then those above and below it are looked for.
    while (top > 0) {
      const cell = stack[--top]!;
      if (label[cell] !== 0) continue;
      const row = cell - (cell % width);
      let [left, right] = [cell, cell + 1];
      while (left > row && mask[left - 1] !== 0) left--;
      while (right < row + width && mask[right] !== 0) right++;
      label.fill(name, left, right);
      count += right - left;
      const [first, last] = [row === 0, row + width >= mask.length];
      if (first || last || left === row || right === row + width) touches = true;
      if (!first) top = pushRuns(mask, label, left - width, right - width, stack, top);
      if (!last) top = pushRuns(mask, label, left + width, right + width, stack, top);
    }
    size.push(count);
    touchesEdge.push(touches);
  }
  return { label, size, touchesEdge };
}

/** Puts one cell of each run without a name on the stack; returns the stack's new height. */
function pushRuns(
  mask: Uint8Array,
  label: Int32Array,
  from: number,
  to: number,
  stack: Int32Array,
  height: number,
): number {
  let top = height;
  for (let cell = from; cell < to; cell++) {
    if (mask[cell] === 0) continue;
    if (label[cell] === 0) stack[top++] = cell;
    while (cell < to && mask[cell] !== 0) cell++;
  }
  return top;
}
