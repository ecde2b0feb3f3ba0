import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, realpath, rm, stat } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

import { SELF } from "../self.ts";
import { readFolder, venvPython } from "./folder.ts";

export type Installed = { readonly folder: string } | { readonly problem: string };

const run = promisify(execFile);

/** Python brings the readers of archives that refuse to write outside. */
const UNPACK = `
import sys, tarfile, zipfile
archive, folder = sys.argv[1:3]
if tarfile.is_tarfile(archive):
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
elif zipfile.is_zipfile(archive):
    with zipfile.ZipFile(archive) as file:
        file.extractall(folder)
else:
    sys.exit("neither a tar nor a zip archive")
`;

/** The folder with the manifest: the unpacked one itself, or the only one in it. */
async function rootOf(unpacked: string): Promise<string> {
  if (existsSync(path.join(unpacked, "manifest.json"))) return unpacked;
  const inside = (await readdir(unpacked)).filter((name) =>
    existsSync(path.join(unpacked, name, "manifest.json")),
  );
  return inside.length === 1 ? path.join(unpacked, inside[0]!) : unpacked;
}

/** The GPU's compute capability as Modly tells it to a setup.py, 86 for 8.6; 0 without one. */
async function computeCapability(): Promise<string> {
  const ask = ["--query-gpu=compute_cap", "--format=csv,noheader"];
  const told = await run("nvidia-smi", ask).catch(() => undefined);
  return /^\d+\.\d/.exec(told?.stdout ?? "")?.[0].replace(".", "") ?? "0";
}

/** Runs a program with its output shown; true when it ended well. */
async function shown(program: string, args: readonly string[], folder: string): Promise<boolean> {
  const child = spawn(program, args, { cwd: folder, stdio: ["ignore", 2, 2] });
  const failed = new Promise<boolean>((resolve) => child.once("error", () => resolve(false)));
  return Promise.race([once(child, "exit").then(([code]) => code === 0), failed]);
}

/** What the extension itself asks for, the way Modly does it. */
async function setUp(folder: string, python: string, say: (text: string) => void) {
  const setup = path.join(folder, "setup.py");
  if (existsSync(setup)) {
    say("Running its setup.py.");
    const { stdout } = await run(python, ["-c", "import sys; print(sys.executable)"]);
    return shown(python, [setup, stdout.trim(), folder, await computeCapability()], folder);
  }
  if (!existsSync(path.join(folder, "requirements.txt"))) return true;
  say("Making its venv.");
  if (!(await shown(python, ["-m", "venv", "venv"], folder))) return false;
  say("Installing its requirements.txt.");
  return shown(venvPython(folder), ["-m", "pip", "install", "-r", "requirements.txt"], folder);
}

/**
 * Copies a folder or an archive at hand into the directory of extensions, and sets it up there.
 *
 * A folder that is there already is only set up again. Nothing is fetched but by the extension's own
 * setup.py or requirements.txt.
 */
export async function install(
  from: string,
  directory: string,
  python: string,
  say: (text: string) => void,
): Promise<Installed> {
  const found = await stat(from).catch(() => undefined);
  if (!found) return { problem: `There is no ${from}.` };
  await mkdir(directory, { recursive: true });
  // Beside its place, so that a copy that is cut short is never taken for an extension.
  const scratch = await mkdtemp(path.join(directory, ".installing-"));
  try {
    let source = from;
    if (!found.isDirectory()) {
      const unpacked = await run(python, ["-c", UNPACK, from, scratch]).catch(
        (cause: Error) => cause,
      );
      if (unpacked instanceof Error)
        return {
          problem: `${from} can't be unpacked: ${unpacked.message.trim().split("\n").at(-1)}.`,
        };
      source = await rootOf(scratch);
    }
    const { id, problem } = await readFolder(source);
    if (problem !== undefined || id === undefined)
      return { problem: `${from} is no extension. ${problem ?? ""}`.trim() };
    const folder = path.join(directory, id);
    const isThere = existsSync(folder);
    if (isThere && (await realpath(folder)) !== (await realpath(source)))
      return {
        problem: `${folder} is there already. Remove it, or set it up again: ${SELF} extensions install ${folder}`,
      };
    if (!isThere)
      await cp(source, folder, {
        recursive: true,
        // Neither moves well: a venv knows its place.
        filter: (name) => !["venv", ".git", "__pycache__"].includes(path.basename(name)),
      });
    return (await setUp(folder, python, say))
      ? { folder }
      : {
          problem: `Its set-up failed; what it said is above. To try again: ${SELF} extensions install ${folder}`,
        };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
