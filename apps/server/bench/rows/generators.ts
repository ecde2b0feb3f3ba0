import { open, readFile } from "node:fs/promises";
import path from "node:path";

import sharp from "sharp";

import { formOf } from "../../test/crash/wire.ts";
import { interleave, judge, median } from "../row.ts";
import { createRun, ended, withDirectory, withOurs } from "../sides.ts";
import { photograph } from "./photograph.ts";

const star = new URL("../../../../examples/star.png", import.meta.url);

/** Row 9: the whole way of a picture, beside what no method can do without. */
export const generators = () =>
  withDirectory(async (directory) => {
    const image = await photograph(1024);
    const form = formOf(image, { model_id: "builtin/inflate" });
    const logo = await sharp(await readFile(star))
      .resize(1024)
      .png()
      .toBuffer();
    const sign = formOf(logo, { model_id: "builtin/extrude" });
    async function run(url: string, sent = form): Promise<number> {
      const began = performance.now();
      await ended(url, await createRun(url, sent));
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
      for (let count = 0; count < 5; count++) {
        await run(url);
        await run(url, sign);
      }
      const found = await interleave(9, {
        ours: () => run(url),
        extrude: () => run(url, sign),
        floor,
      });
      return [
        judge({
          ...{ name: "builtin/inflate of 1024 px, warm", unit: "ms", atMost: 6 },
          ...{ ours: found.ours, yardstick: found.floor },
        }),
        judge({
          ...{ name: "builtin/extrude of 1024 px, warm", unit: "ms", atMost: 300 },
          ours: found.extrude,
        }),
        judge({
          ...{
            name: "the first run of builtin/inflate after a start, beside a warm one",
            unit: "ms",
            atMost: 2,
          },
          ...{ ours: median(first), yardstick: found.ours },
        }),
      ];
    });
  });
