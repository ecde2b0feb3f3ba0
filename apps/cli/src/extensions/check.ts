import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

import { SELF } from "../self.ts";
import { installedServer, NOT_INSTALLED } from "../servers/installed.ts";
import { readFolder, venvPython } from "./folder.ts";

/** What was looked at; `advice` is there when it is wrong. */
export interface Finding {
  readonly what: string;
  readonly found: string;
  readonly advice?: string;
}

/** Imports take a while where torch is among them, ms. */
const IMPORT_MS = 120_000;

/** Imports the extension as the server's runner does, and loads nothing. */
const IMPORT = `
import importlib.util, sys
folder, host = sys.argv[1:3]
sys.path[:0] = [folder, host]
spec = importlib.util.spec_from_file_location("generator", folder + "/generator.py")
module = importlib.util.module_from_spec(spec)
sys.modules["generator"] = module
try:
    spec.loader.exec_module(module)
except BaseException as error:
    print(type(error).__name__ + ": " + str(error), file=sys.stderr)
    sys.exit(1)
`;

const run = promisify(execFile);
const lastLine = (text: string) => text.trim().split(/\r?\n/).at(-1) ?? "";

/** Says what an extension lacks, without loading its weights. */
export async function check(folder: string, hostPython: string): Promise<Finding[]> {
  const again = `${SELF} extensions install ${folder} --extensions-dir ${path.dirname(folder)}`;
  const read = await readFolder(folder);
  if (read.problem !== undefined)
    return [{ what: "Manifest", found: read.problem, advice: "Mend or replace the folder." }];
  const findings: Finding[] = [{ what: "Manifest", found: read.models.join(", ") }];

  const setsUp = ["setup.py", "requirements.txt"].find((name) =>
    existsSync(path.join(folder, name)),
  );
  if (read.venv) findings.push({ what: "venv", found: "there" });
  else if (setsUp === undefined)
    findings.push({ what: "venv", found: "none, and it asks for none" });
  else findings.push({ what: "venv", found: `none, but a ${setsUp}`, advice: `Type: ${again}` });

  const python = read.venv ? venvPython(folder) : hostPython;
  try {
    const { stdout } = await run(python, ["--version"]);
    findings.push({ what: "Python", found: `${lastLine(stdout)} (${python})` });
  } catch {
    const advice = read.venv
      ? `The venv is broken. Remove ${path.join(folder, "venv")}, then type: ${again}`
      : "Install Python 3.8 or newer, or name one with --python.";
    return [...findings, { what: "Python", found: `${python} does not run`, advice }];
  }

  const server = installedServer();
  if (server === undefined)
    return [...findings, { what: "Imports", found: "not tried", advice: NOT_INSTALLED }];
  const host = path.resolve(path.dirname(server), "..", "python");
  try {
    await run(python, ["-c", IMPORT, folder, host], { cwd: folder, timeout: IMPORT_MS });
    return [...findings, { what: "Imports", found: "all there" }];
  } catch (cause) {
    const found = lastLine((cause as { stderr?: string }).stderr ?? "") || "they took too long";
    const name = /No module named '([^'.]+)/.exec(found)?.[1];
    const newer = name === "services" || /services\./.test(found);
    const advice = newer
      ? "It needs a part of Modly that this server does not have."
      : name && setsUp === undefined
        ? `Type: ${python} -m pip install ${name}`
        : `Type: ${again}`;
    return [...findings, { what: "Imports", found, advice }];
  }
}
