/** A mixture of Gaussians over colours (three numbers each): what the pixels of one kind look like. */
export interface Mixture {
  /** -log of the density at the colour that begins at `at` of `colours`. */
  cost(colours: Float32Array, at: number): number;
}

/** Added to every variance, in squares of the colours' unit: noise that every camera has. */
const NOISE = 2;
const ROUNDS = 6;

/** So many pixels tell what a side looks like as well as all of them. */
const SAMPLE = 4000;

/**
 * Fits a mixture by k-means and the covariance of each cluster, as GrabCut does.
 *
 * @param colours three numbers a pixel
 * @param members the pixels that count
 */
export function fitMixture(
  colours: Float32Array,
  members: Int32Array,
  components: number,
): Mixture {
  const step = Math.ceil(members.length / SAMPLE);
  const sample = members.filter((_, k) => k % step === 0);
  const nearest = cluster(colours, sample, components);
  const gaussians = Array.from({ length: components }, (_, k) =>
    gaussianOf(colours, sample, nearest, k),
  ).filter((gaussian) => gaussian !== undefined);
  // One row of ten numbers for each: this is asked a million times.
  const rows = Float64Array.from(gaussians.flat());
  return {
    cost(from, at) {
      const [r, g, b] = [from[at]!, from[at + 1]!, from[at + 2]!];
      let best = Infinity;
      for (let k = 0; k < rows.length; k += ROW) {
        const x = r - rows[k + 1]!;
        const y = g - rows[k + 2]!;
        const z = b - rows[k + 3]!;
        const cost =
          x * (rows[k + 4]! * x + 2 * (rows[k + 5]! * y + rows[k + 6]! * z)) +
          y * (rows[k + 7]! * y + 2 * rows[k + 8]! * z) +
          rows[k + 9]! * z * z -
          rows[k]!;
        if (cost < best) best = cost;
      }
      return best;
    },
  };
}

/** For each member the cluster it belongs to, by k-means. */
function cluster(colours: Float32Array, members: Int32Array, components: number): Uint8Array {
  const centres = spreadOut(colours, members, components);
  const nearest = new Uint8Array(members.length);
  for (let round = 0; round < ROUNDS; round++) {
    const sums = new Float64Array(components * 4);
    for (let n = 0; n < members.length; n++) {
      const at = members[n]! * 3;
      const k = closest(colours, at, centres);
      nearest[n] = k;
      for (let c = 0; c < 3; c++) sums[k * 4 + c]! += colours[at + c]!;
      sums[k * 4 + 3]!++;
    }
    for (let k = 0; k < components; k++) {
      const count = sums[k * 4 + 3]!;
      if (count > 0) for (let c = 0; c < 3; c++) centres[k * 3 + c] = sums[k * 4 + c]! / count;
    }
  }
  return nearest;
}

function closest(colours: Float32Array, at: number, centres: Float64Array): number {
  let [best, least] = [0, Infinity];
  for (let k = 0; k < centres.length; k += 3) {
    const gap = gapTo(colours, at, centres, k);
    if (gap >= least) continue;
    least = gap;
    best = k / 3;
  }
  return best;
}

/** The first centre is some colour, each further one the colour farthest from those before. */
function spreadOut(colours: Float32Array, members: Int32Array, components: number): Float64Array {
  const centres = new Float64Array(components * 3);
  const gaps = new Float64Array(members.length).fill(Infinity);
  let chosen = members[members.length >> 1]!;
  for (let k = 0; k < components; k++) {
    centres.set(colours.subarray(chosen * 3, chosen * 3 + 3), k * 3);
    let most = -1;
    for (let n = 0; n < members.length; n++) {
      const gap = Math.min(gaps[n]!, gapTo(colours, members[n]! * 3, centres, k * 3));
      gaps[n] = gap;
      if (gap <= most) continue;
      most = gap;
      chosen = members[n]!;
    }
  }
  return centres;
}

function gapTo(colours: Float32Array, at: number, centres: Float64Array, k: number): number {
  const x = colours[at]! - centres[k]!;
  const y = colours[at + 1]! - centres[k + 1]!;
  const z = colours[at + 2]! - centres[k + 2]!;
  return x * x + y * y + z * z;
}

const ROW = 10;

/** log(weight² / determinant) / 2, the mean, and half the inverse covariance; undefined where too few belong to it. */
function gaussianOf(
  colours: Float32Array,
  members: Int32Array,
  nearest: Uint8Array,
  name: number,
): readonly number[] | undefined {
  let count = 0;
  const [mean, squares] = [new Float64Array(3), new Float64Array(6)];
  for (let n = 0; n < members.length; n++) {
    if (nearest[n] !== name) continue;
    count++;
    const at = members[n]! * 3;
    for (let a = 0, k = 0; a < 3; a++) {
      mean[a]! += colours[at + a]!;
      for (let b = a; b < 3; b++, k++) squares[k]! += colours[at + a]! * colours[at + b]!;
    }
  }
  if (count < 4) return undefined;
  const [mx, my, mz] = [mean[0]! / count, mean[1]! / count, mean[2]! / count];
  const xx = squares[0]! / count - mx * mx + NOISE;
  const xy = squares[1]! / count - mx * my;
  const xz = squares[2]! / count - mx * mz;
  const yy = squares[3]! / count - my * my + NOISE;
  const yz = squares[4]! / count - my * mz;
  const zz = squares[5]! / count - mz * mz + NOISE;
  const [a, b, c] = [yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy];
  const determinant = xx * a + xy * b + xz * c;
  const inverse = [a, b, c, xx * zz - xz * xz, xy * xz - xx * yz, xx * yy - xy * xy];
  const scale = Math.log(count / members.length) - Math.log(determinant) / 2;
  return [scale, mx, my, mz, ...inverse.map((value) => value / determinant / 2)];
}
