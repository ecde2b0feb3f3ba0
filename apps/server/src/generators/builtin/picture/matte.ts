import { areas, type Field } from "./raster.ts";

/**
 * Turns the hard outline into coverage: a cell at the edge is a mixture of the foreground's and the background's
 * colour, so where its distance lies between those of its neighbours on both sides says how much of it is covered.
 */
export function matte({ width, height, data: distance }: Field, foreground: Uint8Array): Field {
  const data = Float32Array.from(foreground);
  const near = nearOutline(foreground, width, height);
  for (let y = 0, cell = 0; y < height; y++) {
    for (let x = 0; x < width; x++, cell++) {
      if (near[cell] === 0) continue;
      let low = Infinity;
      let high = -Infinity;
      for (let v = Math.max(0, y - REACH); v <= Math.min(height - 1, y + REACH); v++) {
        for (let u = Math.max(0, x - REACH); u <= Math.min(width - 1, x + REACH); u++) {
          const d = distance[v * width + u]!;
          if (foreground[v * width + u] === 0) low = Math.min(low, d);
          else high = Math.max(high, d);
        }
      }
      if (low < high && low !== Infinity) {
        data[cell] = Math.min(1, Math.max(0, (distance[cell]! - low) / (high - low)));
      }
    }
  }
  closePinholes(data, foreground, width);
  return { width, height, data };
}

/** Light spots beside the outline look half covered: a gap that holds no background is none. */
function closePinholes(coverage: Float32Array, foreground: Uint8Array, width: number): void {
  const uncovered = new Uint8Array(coverage.length);
  for (let i = 0; i < coverage.length; i++) uncovered[i] = coverage[i]! > 0.5 ? 0 : 1;
  const gaps = areas(uncovered, width);
  const open = new Uint8Array(gaps.size.length);
  for (let i = 0; i < foreground.length; i++) if (foreground[i] === 0) open[gaps.label[i]!] = 1;
  for (let i = 0; i < coverage.length; i++) {
    if (gaps.label[i]! > 0 && open[gaps.label[i]!] === 0) coverage[i] = 1;
  }
}

/** How far from the outline cells are mixtures. */
const REACH = 2;

/** 1 for the cells that see both sides of the outline within `REACH`, and perhaps for some beside them. */
function nearOutline(foreground: Uint8Array, width: number, height: number): Uint8Array {
  const near = new Uint8Array(foreground.length);
  for (let y = 0, cell = 0; y < height; y++) {
    for (let x = 0; x < width; x++, cell++) {
      const here = foreground[cell];
      const crossed =
        (x < width - 1 && foreground[cell + 1] !== here) ||
        (y < height - 1 && foreground[cell + width] !== here);
      if (!crossed) continue;
      const [left, right] = [Math.max(0, x - REACH), Math.min(width, x + REACH + 2)];
      for (let v = Math.max(0, y - REACH); v < Math.min(height, y + REACH + 2); v++) {
        near.fill(1, v * width + left, v * width + right);
      }
    }
  }
  return near;
}
