import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { alphaUse } from "../../../src/generators/builtin/picture/alpha.ts";
import { findForeground } from "../../../src/generators/builtin/picture/cutout.ts";
import { readPicture } from "../../../src/generators/builtin/picture/picture.ts";
import type { Scene } from "./scenes.ts";

/** From this overlap with the true mask (intersection over union) a cut is right. */
const RIGHT = 0.9;

export interface Cut {
  /** Whether an outline was taken; if not, the generators say that they are unsure. */
  readonly sure: boolean;
  readonly right: boolean;
  /** Intersection over union with the true mask; undefined where nothing was cut. */
  readonly overlap: number | undefined;
  readonly because: string;
}

/** Holds what is cut out of a photograph against its true mask, at the mask's own size. */
export async function judgeScene(scene: Scene): Promise<Cut> {
  const directory = await mkdtemp(join(tmpdir(), "modly-runs-cut-"));
  try {
    const path = join(directory, "photograph");
    await writeFile(path, await scene.draw());
    const read = await readPicture(path, 2048);
    if (!read.ok) throw new Error(read.error);
    const { picture } = read;
    const search = { fill: false, thorough: true };
    const finding = await findForeground(picture, alphaUse(picture), search);
    const doubt = finding.found ? finding.doubt : finding.because;
    if (!finding.found || doubt !== undefined)
      return { sure: false, right: false, overlap: undefined, because: doubt ?? "" };
    const { crop, coverage } = await finding.cutOut(256);
    const mask = await scene.mask();
    let [both, either] = [0, 0];
    mask.data.forEach((value, pixel) => {
      const u = ((pixel % mask.width) + 0.5 - crop.left) / (crop.right - crop.left);
      const v = (Math.floor(pixel / mask.width) + 0.5 - crop.top) / (crop.bottom - crop.top);
      const within = u >= 0 && v >= 0 && u < 1 && v < 1;
      const cell =
        Math.floor(v * coverage.height) * coverage.width + Math.floor(u * coverage.width);
      const cut = within && coverage.data[cell]! > 0.5;
      if (cut && value > 127) both++;
      if (cut || value > 127) either++;
    });
    const overlap = both / Math.max(1, either);
    return { sure: true, right: overlap >= RIGHT, overlap, because: finding.because };
  } finally {
    await rm(directory, { recursive: true });
  }
}
