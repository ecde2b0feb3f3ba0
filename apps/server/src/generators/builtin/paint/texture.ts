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
  cells: Picture,
  longest: number,
  back: BackPaint = { kind: "mirror" },
): Promise<Uint8Array> {
  const native = Math.max(crop.right - crop.left, crop.bottom - crop.top);
  const { width, height } = gridOf(crop, Math.min(longest, Math.max(LEAST, native)));
  if (back.kind === "mirror" && pixelSize(picture) !== undefined) {
    return crisp(picture, crop, width, height);
  }
  const pure = pureCells(coverage);
  const [paint, mask, spill] = await Promise.all([
    resample(picture, crop, width, height),
    resampleChannel(pure, coverage, wholeOf(coverage), width, height),
    resample(spread(cells, coverage, pure), wholeOf(coverage), width, height),
  ]);
  blend(paint.data, spill.data, mask);
  const front = sharp(paint.data, { raw: { width, height, channels: 4 } }).removeAlpha();
  if (back.kind === "mirror") return front.jpeg({ quality: QUALITY }).toBuffer();
  const strip = { width: Math.round(width * back.share), height };
  const rim = soften(spread(cells, coverage, rimCells(pure, coverage)));
  const beside = await resample(rim, wholeOf(coverage), strip.width, strip.height);
  const input = Buffer.from(beside.data);
  return front
    .extend({ right: strip.width, background: "#000" })
    .composite([{ input, raw: { ...strip, channels: 4 }, left: width, top: 0 }])
    .jpeg({ quality: QUALITY })
    .toBuffer();
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

/** Smooths colours over so many cells that no steps are left of how they were spread. */
function soften({ width, height, data }: Picture): Picture {
  const radius = Math.max(2, Math.round(Math.max(width, height) / 20));
  const soft = new Uint8Array(data.length).fill(255);
  for (let k = 0; k < 3; k++) {
    const channel = field(width, height);
    for (let cell = 0; cell < channel.data.length; cell++) channel.data[cell] = data[cell * 4 + k]!;
    blur(channel, radius, 2).data.forEach(
      (value, cell) => (soft[cell * 4 + k] = Math.round(value)),
    );
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
  return pure.map((value, cell) => (inner.data[cell]! < 0.97 ? value : 0));
}

/** The whole picture as a JPEG; what is see-through becomes white. */
export async function paintWhole(picture: Picture, longest: number): Promise<Uint8Array> {
  const { width, height } = gridOf(
    wholeOf(picture),
    Math.min(longest, Math.max(picture.width, picture.height)),
  );
  return sharp(picture.data, { raw: { width: picture.width, height: picture.height, channels: 4 } })
    .flatten({ background: "#fff" })
    .resize(width, height, { fit: "fill" })
    .jpeg({ quality: QUALITY })
    .toBuffer();
}

/**
 * 255 for cells whose colour is the foreground's alone: those with covered neighbours all around. Where a part is too
 * thin to have any, its best covered cells must do.
 */
function pureCells({ width, height, data }: Field): Uint8Array {
  const pure = field(width, height);
  for (let y = 0, cell = 0; y < height; y++) {
    for (let x = 0; x < width; x++, cell++) {
      if (data[cell]! >= 0.98 && least({ width, height, data }, x, y) > 0.9) pure.data[cell] = 1;
    }
  }
  const near = blur(pure, 2, 1);
  return Uint8Array.from(data, (covered, cell) => {
    const best = near.data[cell]! < 1e-3 && covered > 0.5;
    return pure.data[cell] === 1 || best ? 255 : 0;
  });
}

/** The least covered of a cell's eight neighbours; the picture's edge is not one. */
function least({ width, height, data }: Field, x: number, y: number): number {
  let value = 1;
  for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
    for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
      value = Math.min(value, data[v * width + u]!);
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
 */
function spread(grid: Picture, coverage: Field, pure: Uint8Array): Picture {
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
    for (let k = 0; k < 3; k++) finest.colour[cell * 3 + k] = grid.data[cell * 4 + k]! * weight;
  }
  const layers = [finest];
  for (let top = finest; Math.max(top.width, top.height) > 1; top = layers.at(-1)!)
    layers.push(pull(top));
  for (let k = layers.length - 2; k >= 0; k--) push(layers[k + 1]!, layers[k]!);
  const data = new Uint8Array(width * height * 4).fill(255);
  for (let cell = 0; cell < pure.length; cell++) {
    for (let k = 0; k < 3; k++) data[cell * 4 + k] = Math.round(finest.colour[cell * 3 + k]!);
  }
  return { width, height, data };
}

function pull(fine: Layer): Layer {
  const width = (fine.width + 1) >> 1;
  const height = (fine.height + 1) >> 1;
  const colour = new Float32Array(width * height * 3);
  const weight = new Float32Array(width * height);
  for (let y = 0, i = 0; y < fine.height; y++) {
    for (let x = 0; x < fine.width; x++, i++) {
      const o = (y >> 1) * width + (x >> 1);
      weight[o]! += fine.weight[i]!;
      for (let k = 0; k < 3; k++) colour[o * 3 + k]! += fine.colour[i * 3 + k]!;
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
      for (let k = 0; k < 3; k++) fine.colour[i * 3 + k]! += coarse.colour[o * 3 + k]! * share;
      fine.weight[i] = 1;
    }
  }
}

/** Lays `over` (by its mask, and no more than its own alpha) on `under`, in place. */
function blend(over: Uint8Array, under: Uint8Array, mask: Uint8Array): void {
  for (let i = 0, o = 0; i < mask.length; i++, o += 4) {
    const share = Math.min(mask[i]!, over[o + 3]!);
    if (share === 255) continue;
    const rest = 255 - share;
    over[o] = (over[o]! * share + under[o]! * rest) / 255;
    over[o + 1] = (over[o + 1]! * share + under[o + 1]! * rest) / 255;
    over[o + 2] = (over[o + 2]! * share + under[o + 2]! * rest) / 255;
  }
}
