/** A step from pixel to pixel may be this share of the tolerance, so that shade and gradients belong to it. */
const GENTLE = 0.25;
/** How far, in tolerances, gentle steps may lead away from the background's own colour. */
const REACH = 3;

/**
 * Tells the background of a picture: what hangs together with its edge and has the edge's colour, or goes over into
 * it gently. `lab` holds three numbers a pixel, `tolerance` is a distance of colours (CIE76).
 */
export function backgroundOf(
  lab: Float32Array,
  width: number,
  height: number,
  tolerance: number,
): { background: Uint8Array; share: number } {
  const edge = edgeOf(width, height);
  const colour = [0, 1, 2].map((channel) => median(edge.map((pixel) => lab[pixel * 3 + channel]!)));
  const distance = (pixel: number, [l, a, b]: readonly number[]) =>
    Math.hypot(lab[pixel * 3]! - l!, lab[pixel * 3 + 1]! - a!, lab[pixel * 3 + 2]! - b!);
  const background = new Uint8Array(width * height);
  const todo: number[] = [];
  const take = (pixel: number) => {
    if (background[pixel]) return;
    background[pixel] = 1;
    todo.push(pixel);
  };
  for (const pixel of edge) if (distance(pixel, colour) <= tolerance) take(pixel);
  while (todo.length > 0) {
    const pixel = todo.pop()!;
    const own = lab.subarray(pixel * 3, pixel * 3 + 3);
    const x = pixel % width;
    for (const near of [
      x > 0 ? pixel - 1 : -1,
      x < width - 1 ? pixel + 1 : -1,
      pixel - width,
      pixel + width,
    ]) {
      if (near < 0 || near >= background.length || background[near]) continue;
      const away = distance(near, colour);
      const gentle = distance(near, own as unknown as readonly number[]) <= tolerance * GENTLE;
      if (away <= tolerance || (gentle && away <= tolerance * REACH)) take(near);
    }
  }
  return { background, share: background.reduce((sum, is) => sum + is, 0) / background.length };
}

function edgeOf(width: number, height: number): number[] {
  const edge: number[] = [];
  for (let x = 0; x < width; x++) edge.push(x, (height - 1) * width + x);
  for (let y = 1; y < height - 1; y++) edge.push(y * width, y * width + width - 1);
  return edge;
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;
