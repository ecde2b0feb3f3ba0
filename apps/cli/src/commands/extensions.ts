import path from "node:path";

import { Option } from "commander";

import { type Ending, EXIT } from "../exit.ts";
import { check } from "../extensions/check.ts";
import { type Folder, listFolders, readFolder } from "../extensions/folder.ts";
import { install } from "../extensions/install.ts";
import { SELF } from "../self.ts";
import type { Command } from "./command.ts";

interface Options {
  extensionsDir?: string;
  python: string;
}

const usage = (message: string): Ending => ({ exit: EXIT.usage, code: "usage", message });
const NO_DIRECTORY =
  "Say which directory: --extensions-dir, or MODLY_RUNS_EXTENSIONS_DIR, as for the server.";

const line = ({ name, id, venv, problem }: Folder) =>
  `${problem === undefined ? "ok   " : "WRONG"} ${id ?? name}${venv ? "  (venv)" : ""}${problem === undefined ? "" : `  ${problem}`}`;

export const extensions: Command<[string, string | undefined], Options> = {
  examples: [
    ["modly-runs extensions list --extensions-dir ext", "what is installed there"],
    ["modly-runs extensions check ext/triposg", "what is missing, and what to type"],
    ["modly-runs extensions install triposg.zip --extensions-dir ext", "put it there, set it up"],
  ],
  arguments: [
    ["<action>", "list, check or install", ["list", "check", "install"]],
    ["[what]", "check: its folder; install: a folder or an archive at hand"],
  ],
  options: [
    new Option("--extensions-dir <dir>", "where extensions are, as for the server").env(
      "MODLY_RUNS_EXTENSIONS_DIR",
    ),
    new Option("--python <program>", "the Python of extensions without a venv")
      .env("MODLY_RUNS_EXTENSION_PYTHON")
      .default(process.platform === "win32" ? "python" : "python3"),
  ],
  async act(context, [action, what], { extensionsDir, python }) {
    if (action === "list") {
      if (extensionsDir === undefined) return usage(NO_DIRECTORY);
      const folders = await listFolders(extensionsDir);
      if (folders === undefined)
        return { exit: EXIT.file, code: "local_file", message: `${extensionsDir} can't be read.` };
      for (const folder of folders) context.print(line(folder));
      return { exit: EXIT.ok, result: { extensions: folders } };
    }
    if (action === "check") {
      if (what === undefined) return usage(`Say which: \`${SELF} extensions check FOLDER\`.`);
      const findings = await check(path.resolve(what), python);
      for (const { what: part, found, advice } of findings)
        context.print(
          `${advice === undefined ? "ok   " : "WRONG"} ${part}: ${found}${advice === undefined ? "" : `\n      ${advice}`}`,
        );
      const wrong = findings.filter(({ advice }) => advice !== undefined).length;
      return wrong === 0
        ? { exit: EXIT.ok, result: { findings } }
        : { exit: EXIT.file, code: "unhealthy", message: `${wrong} wrong.`, result: { findings } };
    }
    if (action !== "install") return usage(`There is no action ${action}: list, check or install.`);
    if (what === undefined || extensionsDir === undefined)
      return usage(
        what === undefined ? "Say what to install: a folder or an archive." : NO_DIRECTORY,
      );
    const done = await install(path.resolve(what), path.resolve(extensionsDir), python, (text) =>
      context.terminal.say(text),
    );
    if ("problem" in done) return { exit: EXIT.file, code: "local_file", message: done.problem };
    const { folder } = done;
    context.print(folder);
    const installed = await readFolder(folder);
    return { exit: EXIT.ok, result: { folder, extension: installed } };
  },
};
