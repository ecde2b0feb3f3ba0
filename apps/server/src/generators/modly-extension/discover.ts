import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";

import type { SourceFault } from "../generator.ts";
import { type Manifest, modelsOf, type OfferedModel, readManifest } from "./manifest.ts";

/** A model of an extension, with where it is. Paths are absolute. */
export interface ExtensionModel extends OfferedModel {
  readonly folder: string;
  /** Where its weights belong. */
  readonly modelDir: string;
  readonly python: string;
  /** Changes when the extension does. */
  readonly edition: string;
}

export interface Discovered {
  readonly models: ReadonlyMap<string, ExtensionModel>;
  readonly faults: readonly SourceFault[];
}

export interface Places {
  readonly extensionsDir: string;
  readonly modelsDir: string;
  /** For extensions without a venv. */
  readonly python: string;
}

const VENV_PYTHON =
  process.platform === "win32" ? ["venv", "Scripts", "python.exe"] : ["venv", "bin", "python"];

/** The parts of an extension whose change makes a process of before stale. */
const WATCHED = ["manifest.json", "generator.py", path.join(...VENV_PYTHON)];

async function editionOf(folder: string): Promise<string> {
  const marks = WATCHED.map(async (name) => {
    const found = await stat(path.join(folder, name)).catch(() => undefined);
    return found ? `${found.mtimeMs}.${found.size}` : "-";
  });
  return (await Promise.all(marks)).join(" ");
}

interface Read {
  readonly manifest: Manifest;
  readonly models: readonly ExtensionModel[];
}

/** Reads one folder; null for what is no model's extension, a sentence for what is wrong. */
async function readFolder(folder: string, places: Places): Promise<Read | string | null> {
  const json = await readFile(path.join(folder, "manifest.json"), "utf8").catch(
    (cause: NodeJS.ErrnoException) => cause,
  );
  if (json instanceof Error)
    return json.code === "ENOENT" ? "There is no manifest.json." : "manifest.json can't be read.";
  const read = readManifest(json);
  if (!read.ok) return read.problem;
  const { manifest } = read;
  if (manifest.type === "process") return null;
  if (!existsSync(path.join(folder, "generator.py"))) return "There is no generator.py.";
  const venv = path.join(folder, ...VENV_PYTHON);
  const built = ["vendor", "venv"].some((name) => existsSync(path.join(folder, name)));
  if (existsSync(path.join(folder, "build_vendor.py")) && !built)
    return "It is not set up: modly-runs extensions install does that.";
  const offered = modelsOf(manifest);
  if (offered.length === 0) return "None of its nodes makes a mesh out of one picture.";
  const edition = await editionOf(folder);
  const python = existsSync(venv) ? venv : places.python;
  return {
    manifest,
    models: offered.map((model) => ({
      ...model,
      folder,
      modelDir: path.join(places.modelsDir, ...model.id.split("/")),
      python,
      edition,
    })),
  };
}

/** Reads every folder of the extensions' directory. One that is bad keeps none of the others out. */
export async function discover(places: Places): Promise<Discovered> {
  const models = new Map<string, ExtensionModel>();
  const faults: SourceFault[] = [];
  const names = await readdir(places.extensionsDir).catch(() => undefined);
  if (!names) faults.push({ extension: "", problem: "The directory of extensions can't be read." });
  for (const name of (names ?? []).filter((each) => !each.startsWith(".")).sort()) {
    const folder = path.join(places.extensionsDir, name);
    if (!(await stat(folder).catch(() => undefined))?.isDirectory()) continue;
    const read = await readFolder(folder, places);
    if (read === null) continue;
    if (typeof read === "string") {
      faults.push({ extension: name, problem: read });
      continue;
    }
    for (const model of read.models)
      if (models.has(model.id))
        faults.push({ extension: name, problem: `Another folder has ${model.id} already.` });
      else models.set(model.id, model);
  }
  return { models, faults };
}

/** True when the weights that the manifest names are there, or when it names none. */
export async function weightsAreThere(model: ExtensionModel): Promise<boolean> {
  if (model.downloadCheck) return existsSync(path.resolve(model.modelDir, model.downloadCheck));
  if (!model.hfRepo) return true;
  return (await readdir(model.modelDir).catch(() => [])).length > 0;
}
