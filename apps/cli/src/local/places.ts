import { constants, existsSync } from "node:fs";
import { access, realpath, stat } from "node:fs/promises";
import path from "node:path";

import { type Format, FORMATS, isFormat } from "@modly-runs/mesh/formats";

import { type Ending, EXIT } from "../exit.ts";
import type { Picture } from "./pictures.ts";

/** Where the meshes go and what they become. */
export interface Plan {
  format: Format;
  sizeMm: number | undefined;
  /** The file for a picture's mesh; `-` is stdout. `tag` tells models apart. */
  fileFor(picture: Picture, tag: string): string;
}

export interface PlaceOptions {
  output?: string | undefined;
  format?: Format | undefined;
  size?: number | undefined;
}

const usage = (message: string): { ok: false; ending: Ending } => ({
  ok: false,
  ending: { exit: EXIT.usage, code: "usage", message },
});
const local = (message: string): { ok: false; ending: Ending } => ({
  ok: false,
  ending: { exit: EXIT.file, code: "local_file", message },
});

/** Decides where meshes go, and says what is wrong with it before a server is asked for anything. */
export async function planOf(
  { output, format: wanted, size }: PlaceOptions,
  pictures: readonly Picture[],
  meshes: number,
): Promise<{ ok: true; value: Plan } | { ok: false; ending: Ending }> {
  const kind =
    output === undefined || output === "-" ? undefined : await stat(output).catch(() => undefined);
  const isFolder =
    output !== undefined && (/[\\/]$/.test(output) || (kind?.isDirectory() ?? false));
  if (isFolder && !kind?.isDirectory())
    return local(`There is no folder ${output}. Make it first: mkdir -p ${output}`);
  const byName =
    isFolder || output === undefined || output === "-"
      ? ""
      : path.extname(output).slice(1).toLowerCase();
  if (byName !== "" && !isFormat(byName))
    return usage(
      `Nobody here can write .${byName}: ${output} may end in ${Object.keys(FORMATS)
        .map((name) => `.${name}`)
        .join(", ")}.`,
    );
  if (byName !== "" && wanted !== undefined && byName !== wanted)
    return usage(`${output} says ${byName}, --format says ${wanted}. Leave out one of them.`);
  const format = isFormat(byName) ? byName : (wanted ?? "glb");
  if (size !== undefined && !FORMATS[format].printed)
    return usage(
      `--size is for what is printed, stl and 3mf; a ${format} has no size in millimetres.`,
    );
  if (meshes > 1 && output !== undefined && !isFolder)
    return usage(
      `${meshes} meshes don't fit into ${output === "-" ? "stdout" : output}. Name a folder that exists: -o meshes/`,
    );
  const folder = isFolder ? output : output === undefined ? "." : path.dirname(output);
  if (output !== "-") {
    const wrong =
      (await wrongWith(folder)) ??
      (kind && !isFolder ? await wrongWithFile(output!, kind.isFile(), pictures) : undefined);
    if (wrong) return wrong;
  }
  const taken = new Set<string>();
  return {
    ok: true,
    value: {
      format,
      sizeMm: size,
      fileFor({ stem }, tag) {
        if (output !== undefined && !isFolder) return output;
        // A name that nobody chose must not cost somebody's file.
        for (let n = 1; ; n++) {
          const name = `${stem}${tag && `-${tag}`}${n === 1 ? "" : `-${n}`}.${format}`;
          const file = isFolder ? path.join(folder, name) : name;
          if (taken.has(file) || existsSync(file)) continue;
          taken.add(file);
          return file;
        }
      },
    },
  };
}

async function wrongWith(folder: string): Promise<{ ok: false; ending: Ending } | undefined> {
  try {
    if (!(await stat(folder)).isDirectory()) return local(`${folder} is no folder.`);
    await access(folder, constants.W_OK);
    return undefined;
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    return local(
      missing
        ? `There is no folder ${folder}. Make it first: mkdir -p ${folder}`
        : `The folder ${folder} can't be written.`,
    );
  }
}

async function wrongWithFile(
  output: string,
  isFile: boolean,
  pictures: readonly Picture[],
): Promise<{ ok: false; ending: Ending } | undefined> {
  if (!isFile) return local(`${output} is no plain file. Use -o - to write to stdout.`);
  const [real, target] = await Promise.all([realpath(output), stat(output)]);
  for (const { image, name } of pictures) {
    if (typeof image !== "string") continue;
    const source = await stat(image);
    if (
      (await realpath(image)) === real ||
      (source.dev === target.dev && source.ino === target.ino)
    )
      return usage(
        `${output} is the picture ${name} itself, and would be overwritten. Choose another name.`,
      );
  }
  return undefined;
}
