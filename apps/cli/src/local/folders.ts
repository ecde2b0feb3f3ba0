import { constants } from "node:fs";
import { access, mkdir, stat } from "node:fs/promises";

import { quoted } from "../self.ts";

const codeOf = (cause: unknown) => (cause as NodeJS.ErrnoException).code;

/** What is wrong with a folder that files are to go to. */
export async function wrongWithFolder(folder: string): Promise<string | undefined> {
  try {
    if (!(await stat(folder)).isDirectory()) return `${folder} is no folder.`;
    await access(folder, constants.W_OK);
    return undefined;
  } catch (cause) {
    return codeOf(cause) === "ENOENT"
      ? `There is no folder ${folder}. Make it first: mkdir -p ${quoted(folder)}`
      : `The folder ${folder} can't be written.`;
  }
}

/** Makes a folder where there is none, and says what is wrong with it otherwise. */
export async function wrongWithNewFolder(folder: string): Promise<string | undefined> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    const code = codeOf(cause);
    return code === "EEXIST" || code === "ENOTDIR"
      ? `${folder} is no folder.`
      : `The folder ${folder} can't be made (${code}).`;
  }
  return wrongWithFolder(folder);
}
