// Writes docs/cli-reference.md from what the commands say of themselves; --check only looks whether it is current.
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";

import { reference } from "../src/reference.ts";

const file = path.resolve(import.meta.dirname, "../../../docs/cli-reference.md");
const text = await reference();
if (!process.argv.includes("--check")) await writeFile(file, text);
else if ((await readFile(file, "utf8")) !== text) {
  console.error("docs/cli-reference.md is not current: pnpm generate");
  process.exitCode = 1;
}
