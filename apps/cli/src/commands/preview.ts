import path from "node:path";

import { InvalidArgumentError, Option } from "commander";

import { EXIT } from "../exit.ts";
import { draw } from "../local/draw.ts";
import type { Command } from "./command.ts";

interface PreviewOptions {
  output?: string;
  width: number;
  yaw: number;
  pitch: number;
}

function within(low: number, high: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (text.trim() === "" || !(number >= low && number <= high))
      throw new InvalidArgumentError(`It must be a number from ${low} to ${high}.`);
    return Math.round(number);
  };
}

export const preview: Command<[string], PreviewOptions> = {
  examples: [["modly-runs preview duck.glb", "writes duck.preview.png"]],
  arguments: [["<mesh>", "a GLB, OBJ, PLY or STL"]],
  options: [
    new Option("-o, --output <file.png>", "where the picture goes (default: NAME.preview.png)"),
    new Option("--width <pixels>", "its width and height").argParser(within(16, 4096)).default(512),
    new Option("--yaw <degrees>", "around the mesh; 0 is the front")
      .argParser(within(-360, 360))
      .default(-35),
    new Option("--pitch <degrees>", "above the horizon").argParser(within(-90, 90)).default(15),
  ],
  async act(context, [mesh], { output, ...view }) {
    const file = output ?? path.format({ ...path.parse(mesh), base: "", ext: ".preview.png" });
    if (path.resolve(file) === path.resolve(mesh))
      return {
        exit: EXIT.usage,
        code: "usage",
        message: `${mesh} would be overwritten. Choose another name.`,
      };
    const wrong = await draw(mesh, file, view);
    if (wrong !== undefined) return { exit: EXIT.file, code: "local_file", message: wrong };
    context.print(file);
    return { exit: EXIT.ok, result: { file } };
  },
};
