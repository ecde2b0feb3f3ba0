import { existsSync } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import path from "node:path";

import { type Format, FORMATS, isFormat } from "@modly-runs/mesh/formats";

import { type Ending, EXIT } from "../exit.ts";
import { wrongWithFolder, wrongWithNewFolder } from "./folders.ts";
import type { Picture } from "./pictures.ts";

/** Where the meshes go and what they become. */
export interface Plan {
  format: Format;
  sizeMm: number | undefined;
  /** The file for a picture's mesh; `-` is stdout. `tag` tells models apart. */
  fileFor(picture: Picture, tag: string): string;
  /** The PNG that shows the mesh of a file; undefined if nobody asked for it. */
  previewFor(file: string): string | undefined;
}

export interface PlaceOptions {
  output?: string | undefined;
  format?: Format | undefined;
  size?: number | undefined;
  preview?: string | undefined;
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
  { output, format: wanted, size, preview }: PlaceOptions,
  pictures: readonly Picture[],
  meshes: number,
): Promise<{ ok: true; value: Plan } | { ok: false; ending: Ending }> {
  const isFolder = output !== undefined && (await isFolderName(output));
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
      `${meshes} meshes don't fit into ${output === "-" ? "stdout" : output}. Name a folder: -o meshes/`,
    );
  const folder = isFolder ? output : output === undefined ? "." : path.dirname(output);
  if (output !== "-") {
    const wrong =
      (await wrongWith(folder)) ??
      (output === undefined || isFolder ? undefined : await wrongWithFile(output, pictures));
    if (wrong) return wrong;
    if (format === "obj" && output !== undefined && !isFolder) {
      const texture = await pictureNamed(pictures, textureOf(output));
      if (texture) return overwritten(`The texture of ${output}`, texture);
    }
  }
  const views = preview === undefined ? undefined : await previewsOf(preview, pictures, meshes);
  if (views && !views.ok) return views;
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
      previewFor: (file) => views?.value(file),
    },
  };
}

const SAYS_FOLDER = /[\\/]$/;

/** Whether a name means a folder, there or not. */
async function isFolderName(name: string): Promise<boolean> {
  if (SAYS_FOLDER.test(name)) return true;
  return (await stat(name).catch(() => undefined))?.isDirectory() ?? false;
}

/** Where previews go: into the file that was named, or into the folder, each named after its mesh. */
async function previewsOf(
  preview: string,
  pictures: readonly Picture[],
  meshes: number,
): Promise<{ ok: true; value: (mesh: string) => string } | { ok: false; ending: Ending }> {
  if (await isFolderName(preview)) {
    const named = (mesh: string) =>
      path.join(preview, `${mesh === "-" ? "mesh" : path.parse(mesh).name}.preview.png`);
    return (await wrongWith(preview)) ?? { ok: true, value: named };
  }
  if (path.extname(preview).toLowerCase() !== ".png")
    return usage(
      `--preview draws a PNG: ${preview} must end in .png, or be a folder: --preview previews/`,
    );
  if (meshes > 1)
    return usage(
      `The previews of ${meshes} meshes don't fit into ${preview}. Name a folder: --preview previews/`,
    );
  const wrong =
    (await wrongWith(path.dirname(preview))) ?? (await wrongWithFile(preview, pictures));
  return wrong ?? { ok: true, value: () => preview };
}

/** A name that says it is a folder is made one; any other has to be there. */
async function wrongWith(folder: string): Promise<{ ok: false; ending: Ending } | undefined> {
  const wrong = await (SAYS_FOLDER.test(folder) ? wrongWithNewFolder : wrongWithFolder)(folder);
  return wrong === undefined ? undefined : local(wrong);
}

/** What is wrong with a file that is there already; nothing is wrong with one that is not. */
async function wrongWithFile(
  output: string,
  pictures: readonly Picture[],
): Promise<{ ok: false; ending: Ending } | undefined> {
  const kind = await stat(output).catch(() => undefined);
  if (!kind) return undefined;
  if (!kind.isFile()) return local(`${output} is no plain file. Use -o - to write to stdout.`);
  const real = await realpath(output);
  for (const { image, name } of pictures) {
    if (typeof image !== "string") continue;
    const source = await stat(image);
    if ((await realpath(image)) === real || (source.dev === kind.dev && source.ino === kind.ino))
      return overwritten(output, name);
  }
  return undefined;
}

const overwritten = (output: string, picture: string) =>
  usage(
    `${output} is the picture ${picture} itself, and would be overwritten. Choose another name.`,
  );

/** What the textures of an OBJ are called, without their extension and number. */
const textureOf = (obj: string) => path.join(path.dirname(obj), `${path.parse(obj).name}.texture`);

/** The picture whose file begins with a path, links followed. */
async function pictureNamed(
  pictures: readonly Picture[],
  begins: string,
): Promise<string | undefined> {
  const folder = await realpath(path.dirname(begins));
  for (const { image, name } of pictures)
    if (
      typeof image === "string" &&
      (await realpath(image)).startsWith(path.join(folder, path.basename(begins)))
    )
      return name;
  return undefined;
}
