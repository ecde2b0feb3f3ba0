import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";

/** What can be seen of an extension without starting Python. */
export interface Folder {
  readonly name: string;
  readonly id?: string;
  readonly models: readonly string[];
  readonly venv: boolean;
  readonly problem?: string;
}

/** The Python of an extension's venv, whether it is there or not. */
export function venvPython(folder: string): string {
  return process.platform === "win32"
    ? path.join(folder, "venv", "Scripts", "python.exe")
    : path.join(folder, "venv", "bin", "python");
}

/** An id is a folder's name too, so it leads nowhere. */
export const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

interface Manifest {
  id?: unknown;
  type?: unknown;
  nodes?: unknown;
}

/** Reads a folder's manifest; what is wrong comes as a sentence. */
export async function readFolder(folder: string): Promise<Folder> {
  const name = path.basename(folder);
  const venv = existsSync(venvPython(folder));
  const wrong = (problem: string): Folder => ({ name, models: [], venv, problem });
  let manifest: Manifest;
  try {
    const text = await readFile(path.join(folder, "manifest.json"), "utf8");
    manifest = JSON.parse(text.replace(/^\uFEFF/, "")) as Manifest;
  } catch (cause) {
    return cause instanceof SyntaxError
      ? wrong(`manifest.json is not JSON: ${cause.message}.`)
      : wrong("There is no manifest.json that can be read.");
  }
  const { id, type, nodes } = manifest;
  if (typeof id !== "string" || !ID.test(id))
    return wrong("manifest.json: id must be letters, digits, dots, dashes, underscores.");
  if (type === "process") return wrong("It is a process, not a model: no server of ours runs it.");
  if (!existsSync(path.join(folder, "generator.py"))) return wrong("There is no generator.py.");
  const named = (Array.isArray(nodes) ? nodes : []).flatMap((node: { id?: unknown } | null) =>
    typeof node?.id === "string" ? [`${id}/${node.id}`] : [],
  );
  return { name, id, venv, models: named.length > 0 ? named : [id] };
}

/** Every extension of a directory; undefined when that can't be read. */
export async function listFolders(directory: string): Promise<Folder[] | undefined> {
  const names = await readdir(directory).catch(() => undefined);
  if (!names) return undefined;
  const folders: Folder[] = [];
  for (const name of names.filter((each) => !each.startsWith(".")).sort()) {
    const folder = path.join(directory, name);
    if ((await stat(folder)).isDirectory()) folders.push(await readFolder(folder));
  }
  return folders;
}
