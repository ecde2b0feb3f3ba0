/**
 * Holds every wrong server and every odd one against the whole core set.
 *
 *     pnpm zoo            writes packages/conformance/kill-matrix.json and docs/conformance-matrix.md
 *     pnpm zoo --check    writes nothing; fails if one of the two is stale
 *
 * Either way it fails if a server is judged otherwise than it declares.
 */
import { readFile, writeFile } from "node:fs/promises";

import {
  killMatrix,
  MATRIX_FILES,
  matrixPage,
  MUTANTS,
  several,
  TOLERANCES,
  troubles,
  tryMutant,
  tryServer,
} from "../test/reference/index.ts";

/** Servers at once: most of a trial is waiting. */
const LANES = 6;

const began = performance.now();
const faults: string[] = [];
const say = (name: string, found: readonly string[]) => {
  console.log(
    `${found.length === 0 ? "ok  " : "FAIL"} ${name}${found.map((fault) => `\n       ${fault}`).join("")}`,
  );
  faults.push(...found.map((fault) => `${name}: ${fault}`));
};

await several(MUTANTS, LANES, async (mutant) => {
  say(mutant.name, await tryMutant(mutant));
});
await several(
  [{ name: "reference", why: "", allows: "", overrides: {} }, ...TOLERANCES],
  LANES,
  async (odd) => {
    say(odd.name, troubles(odd, await tryServer(odd.overrides, {}, odd.config)));
  },
);

const matrix = killMatrix(MUTANTS);
faults.push(...matrix.unkilled.map((id) => `${id}: no mutant shows that it bites`));
const files = {
  [MATRIX_FILES.json]: `${JSON.stringify(matrix, null, 2)}\n`,
  [MATRIX_FILES.page]: matrixPage(MUTANTS, TOLERANCES),
};
for (const [path, text] of Object.entries(files)) {
  if (process.argv.includes("--check")) {
    const stale = (await readFile(path, "utf8").catch(() => "")) !== text;
    if (stale) faults.push(`${path} is stale: run pnpm zoo`);
  } else if (faults.length === 0) await writeFile(path, text);
}

const seconds = Math.round((performance.now() - began) / 1_000);
console.log(`\n${MUTANTS.length} mutants, ${TOLERANCES.length} odd servers, ${seconds} s`);
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
