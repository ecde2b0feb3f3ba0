import { open } from "node:fs/promises";
import path from "node:path";

import sharp from "sharp";

import { formOf } from "../../test/crash/wire.ts";
import { interleave, judge, median } from "../row.ts";
import { createRun, ended, withDirectory, withOurs } from "../sides.ts";
import { photograph } from "./photograph.ts";

/** Row 9: the whole way of a picture, beside what no method can do without. */
export const generators = () =>
  withDirectory(async (directory) => {
    const image = await photograph(1024);
    const form = formOf(image, { model_id: "builtin/inflate" });
    async function run(url: string): Promise<number> {
      const began = performance.now();
      await ended(url, await createRun(url, form));
      return performance.now() - began;
    }
    async function floor(): Promise<number> {
      const began = performance.now();
      const { data, info } = await sharp(image).raw().toBuffer({ resolveWithObject: true });
      const { width, height, channels } = info;
      const jpeg = await sharp(data, { raw: { width, height, channels } }).jpeg().toBuffer();
      const file = await open(path.join(directory, "out.jpg"), "w");
      await file.writeFile(jpeg);
      await file.sync();
      await file.close();
      return performance.now() - began;
    }
    const first: number[] = [];
    for (let count = 0; count < 3; count++)
      await withOurs(async ({ url }) => first.push(await run(url)));
    return withOurs(async ({ url }) => {
      for (let count = 0; count < 5; count++) await run(url);
      const found = await interleave(9, { ours: () => run(url), floor });
      return [
        judge({
          ...{ name: "builtin/inflate of 1024 px, warm", unit: "ms", atMost: 6 },
          ...{ ours: found.ours, yardstick: found.floor },
        }),
        judge({
          ...{ name: "its first run after a start, beside a warm one", unit: "ms", atMost: 2 },
          ...{ ours: median(first), yardstick: found.ours },
        }),
      ];
    });
  });
