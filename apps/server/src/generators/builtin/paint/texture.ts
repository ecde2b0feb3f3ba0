import sharp from "sharp";
import { gridOf, type Cutout } from "../picture/cutout.ts";
import { pixelSize } from "../picture/pixels.ts";
import { resample, resampleChannel, wholeOf } from "../picture/picture.ts";
import { blur, field, type Field, type Picture } from "../picture/raster.ts";

const QUALITY = 90;
/** A texture is at least so long, so that the outline's mask has room in it. */
const LEAST = 256;

/** What a texture holds for the side away from the viewer: nothing of its own, or a strip at its right. */
export type BackPaint =
  | { readonly kind: "mirror" }
  /** As wide as this share of the picture's part: the rim's colours, run on over the middle. */
  | { readonly kind: "strip"; readonly share: number };

/**
 * The cut-out's part of the picture as a JPEG whose colours run on beyond the outline, so that no rim shows.
 *
 * @param cells the same part at the size of the coverage
 * @param longest pixels along the longest side, at most; a picture with fewer is not enlarged
 */
export async function paintCutout(
  picture: Picture,
  { crop, coverage }: Cutout,
  cells: Picture | Promise<Picture>,
  longest: number,
  back: BackPaint = { kind: "mirror" },
): Promise<Uint8Array> {
  const native = Math.max(crop.right - crop.left, crop.bottom - crop.top);
  const { width, height } = gridOf(crop, Math.min(longest, Math.max(LEAST, native)));
  if (back.kind === "mirror" && pixelSize(picture) !== undefined) {
    return crisp(picture, crop, width, height);
  }
  const paint = resample(picture, crop, width, height);
  const pure = pureCells(coverage);
  const mask = resampleChannel(pure, coverage, wholeOf(coverage), width, height);
  const grid = await cells;
  const spill = resample(spread(grid, coverage, pure), wholeOf(coverage), width, height);
  const beside =
    back.kind === "strip"
      ? besides(grid, coverage, pure, Math.round(width * back.share), height)
      : undefined;
  const strip = await beside;
  const wide = width + (strip?.width ?? 0);
  const data = new Uint8Array(wide * height * 3);
  blend(await paint, await spill, await mask, data, wide);
  if (strip !== undefined) putAtRight(strip, data, wide);
  return sharp(data, { raw: { width: wide, height, channels: 3 } })
    .jpeg({ quality: QUALITY })
    .toBuffer();
}

/** The rim's colours, run on over the middle and softened: coarser cells do for them. */
function besides(
  cells: Picture,
  coverage: Field,
  pure: Uint8Array,
  width: number,
  height: number,
): Promise<Picture> {
  const rim = soften(spread(cells, coverage, rimCells(pure, coverage), SOFT));
  return resample(rim, wholeOf(rim), width, height);
}

/** Pixel art as it is: its outline runs along its squares, so nothing shows beyond it. */
function crisp(
  { width, height, data }: Picture,
  { left, top, right, bottom }: Cutout["crop"],
  across: number,
  down: number,
): Promise<Uint8Array> {
  return sharp(data, { raw: { width, height, channels: 4 } })
    .extract({ left, top, width: right - left, height: bottom - top })
    .resize(across, down, { fit: "fill", kernel: "nearest" })
    .removeAlpha()
    .jpeg({ quality: QUALITY, chromaSubsampling: "4:4:4" })
    .toBuffer();
}

/** How often cells are halved where colours are softened anyway. */
const SOFT = 2;

/** Smooths colours over so many cells that no steps are left of how they were spread. */
function soften({ width, height, data }: Picture): Picture {
  const radius = Math.max(2, Math.round(Math.max(width, height) / 20));
  const soft = new Uint8Array(data.length).fill(255);
  for (let k = 0; k < 3; k++) {
    const channel = field(width, height);
    for (let cell = 0; cell < channel.data.length; cell++) channel.data[cell] = data[cell * 4 + k]!;
    const smooth = blur(channel, radius, 2).data;
    for (let cell = 0; cell < smooth.length; cell++) soft[cell * 4 + k] = smooth[cell]! + 0.5;
  }
  return { width, height, data: soft };
}

/** Of the cells with a pure colour those near the outline. */
function rimCells(pure: Uint8Array, { width, height, data }: Field): Uint8Array {
  const inner = blur(
    { width, height, data },
    Math.max(2, Math.round(Math.max(width, height) / 64)),
    1,
  );
  const rim = new Uint8Array(pure.length);
  for (let cell = 0; cell < rim.length; cell++) {
    if (inner.data[cell]! < 0.97) rim[cell] = pure[cell]!;
  }
  return rim;
}

/** The whole picture as a JPEG; what is see-through becomes white. */
export async function paintWhole(picture: Picture, longest: number): Promise<Uint8Array> {
  const { width, height } = gridOf(
    wholeOf(picture),
    Math.min(longest, Math.max(picture.width, picture.height)),
  );
  const size = { width: picture.width, height: picture.height };
  const image = picture.rgb
    ? sharp(picture.rgb, { raw: { ...size, channels: 3 } })
    : sharp(picture.data, { raw: { ...size, channels: 4 } }).flatten({ background: "#fff" });
  return image.resize(width, height, { fit: "fill" }).jpeg({ quality: QUALITY }).toBuffer();
}

/**
 * 255 for cells whose colour is the foreground's alone: those with covered neighbours all around. Where a part is too
 * thin to have any, its best covered cells must do.
 */
function pureCells({ width, height, data }: Field): Uint8Array {
  const pure = field(width, height);
  for (let y = 0, cell = 0; y < height; y++) {
    for (let x = 0; x < width; x++, cell++) {
      if (data[cell]! >= 0.98 && least(data, width, height, x, y) > 0.9) pure.data[cell] = 1;
    }
  }
  const near = blur(pure, 2, 1).data;
  const found = new Uint8Array(data.length);
  for (let cell = 0; cell < found.length; cell++) {
    const best = near[cell]! < 1e-3 && data[cell]! > 0.5;
    if (best || pure.data[cell] === 1) found[cell] = 255;
  }
  return found;
}

/** The least covered of a cell's eight neighbours; the picture's edge is not one. */
function least(data: Float32Array, width: number, height: number, x: number, y: number): number {
  const [left, right] = [Math.max(0, x - 1), Math.min(width - 1, x + 1)];
  const [top, bottom] = [Math.max(0, y - 1), Math.min(height - 1, y + 1)];
  let value = 1;
  for (let v = top; v <= bottom; v++) {
    for (let cell = v * width + left; cell <= v * width + right; cell++) {
      if (data[cell]! < value) value = data[cell]!;
    }
  }
  return value;
}

interface Layer {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue, each times `weight`. */
  readonly colour: Float32Array;
  readonly weight: Float32Array;
}

/**
 * Fills every cell with colour from the pure ones near it: means of ever coarser grids, put back from coarse to fine
 * (pull-push: Gortler et al., The Lumigraph, 1996).
 *
 * @param halved how many of the finest grids are left out of the answer
 */
function spread(grid: Picture, coverage: Field, pure: Uint8Array, halved = 0): Picture {
  const { width, height } = grid;
  const finest: Layer = {
    width,
    height,
    colour: new Float32Array(width * height * 3),
    weight: new Float32Array(width * height),
  };
  for (let cell = 0; cell < pure.length; cell++) {
    if (pure[cell] === 0) continue;
    const weight = coverage.data[cell]! ** 2;
    finest.weight[cell] = weight;
    finest.colour[cell * 3] = grid.data[cell * 4]! * weight;
    finest.colour[cell * 3 + 1] = grid.data[cell * 4 + 1]! * weight;
    finest.colour[cell * 3 + 2] = grid.data[cell * 4 + 2]! * weight;
  }
  const layers = [finest];
  for (let top = finest; Math.max(top.width, top.height) > 1; top = layers.at(-1)!)
    layers.push(pull(top));
  for (let k = layers.length - 2; k >= halved; k--) push(layers[k + 1]!, layers[k]!);
  const { width: wide, height: high, colour } = layers[Math.min(halved, layers.length - 1)]!;
  const data = new Uint8Array(wide * high * 4).fill(255);
  for (let from = 0, to = 0; from < colour.length; from += 3, to += 4) {
    data[to] = colour[from]! + 0.5;
    data[to + 1] = colour[from + 1]! + 0.5;
    data[to + 2] = colour[from + 2]! + 0.5;
  }
  return { width: wide, height: high, data };
}

function pull(fine: Layer): Layer {
  const width = (fine.width + 1) >> 1;
  const height = (fine.height + 1) >> 1;
  const colour = new Float32Array(width * height * 3);
  const weight = new Float32Array(width * height);
  for (let y = 0, i = 0; y < fine.height; y++) {
    for (let x = 0; x < fine.width; x++, i++) {
      if (fine.weight[i] === 0) continue;
      const o = (y >> 1) * width + (x >> 1);
      weight[o]! += fine.weight[i]!;
      colour[o * 3]! += fine.colour[i * 3]!;
      colour[o * 3 + 1]! += fine.colour[i * 3 + 1]!;
      colour[o * 3 + 2]! += fine.colour[i * 3 + 2]!;
    }
  }
  for (let o = 0; o < weight.length; o++) {
    if (weight[o]! <= 1) continue;
    for (let k = 0; k < 3; k++) colour[o * 3 + k]! /= weight[o]!;
    weight[o] = 1;
  }
  return { width, height, colour, weight };
}

function push(coarse: Layer, fine: Layer): void {
  for (let y = 0, i = 0; y < fine.height; y++) {
    for (let x = 0; x < fine.width; x++, i++) {
      const missing = 1 - fine.weight[i]!;
      if (missing <= 0) continue;
      const o = (y >> 1) * coarse.width + (x >> 1);
      const share = coarse.weight[o]! > 0 ? missing / coarse.weight[o]! : 0;
      fine.colour[i * 3]! += coarse.colour[o * 3]! * share;
      fine.colour[i * 3 + 1]! += coarse.colour[o * 3 + 1]! * share;
      fine.colour[i * 3 + 2]! += coarse.colour[o * 3 + 2]! * share;
      fine.weight[i] = 1;
    }
  }
}

/**
 * One picture, by its mask and no more than its own alpha, on another.
 *
 * @param data where it goes, at the left: three bytes a pixel, `wide` pixels a row
 */
function blend(
  { width, height, data: over }: Picture,
  { data: below }: Picture,
  mask: Uint8Array,
  data: Uint8Array,
  wide: number,
): void {
  for (let y = 0, i = 0, from = 0; y < height; y++) {
    let to = y * wide * 3;
    for (let x = 0; x < width; x++, i++, from += 4, to += 3) {
      const share = Math.min(mask[i]!, over[from + 3]!);
      if (share === 255 || share === 0) {
        const one = share === 0 ? below : over;
        data[to] = one[from]!;
        data[to + 1] = one[from + 1]!;
        data[to + 2] = one[from + 2]!;
        continue;
      }
      const rest = 255 - share;
      data[to] = (over[from]! * share + below[from]! * rest) / 255;
      data[to + 1] = (over[from + 1]! * share + below[from + 1]! * rest) / 255;
      data[to + 2] = (over[from + 2]! * share + below[from + 2]! * rest) / 255;
    }
  }
}

/** Puts a picture into the right end of each row. */
function putAtRight({ width, height, data: from }: Picture, data: Uint8Array, wide: number): void {
  for (let y = 0, i = 0; y < height; y++) {
    let to = ((y + 1) * wide - width) * 3;
    for (let x = 0; x < width; x++, i += 4, to += 3) {
      data[to] = from[i]!;
      data[to + 1] = from[i + 1]!;
      data[to + 2] = from[i + 2]!;
    }
  }
}
