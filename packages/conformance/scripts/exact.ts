/**
 * Holds every wrong server and every odd one against the whole set, and a few that have to be right in
 * everything against both sets, in as many processes as there are cores.
 *
 *     pnpm zoo               writes packages/conformance/kill-matrix.json and docs/conformance-matrix.md
 *     pnpm zoo --check       writes nothing; fails if one of the two is stale
 *     pnpm zoo --only slash  those with this, or one of these with commas, in their name; writes nothing
 *
 * Either way it fails if a server is judged otherwise than it declares. Ten go at once, so a machine that
 * stands still for a moment hits them all: whoever was misjudged among them is judged again with nothing
 * beside it, and named.
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import {
  killMatrix,
  MATRIX_FILES,
  matrixPage,
  MUTANTS,
  several,
  TOLERANCES,
  tryMutant,
  tryOdd,
} from "../test/reference/index.ts";
import { TRUSTED } from "../test/trusted.ts";
import { inShards, ownShare } from "./shards.ts";

const { values } = parseArgs({
  options: {
    check: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    /** Servers at once in a process: most of a trial is waiting. */
    lanes: { type: "string", default: "5" },
    shard: { type: "string" },
  },
});

/** What one server showed. */
type Told = { name: string; faults: readonly string[] };

const ODD = [{ name: "reference", why: "", allows: "", overrides: {} }, ...TOLERANCES];

const trials = [
  // The slowest begin first, so that no core waits for them at the end.
  ...TRUSTED,
  ...MUTANTS.toSorted((a, b) => Number(Boolean(b.slow)) - Number(Boolean(a.slow))).map(
    (mutant) => ({ name: mutant.name, faults: () => tryMutant(mutant) }),
  ),
  ...ODD.map((odd) => ({
    name: odd.name,
    faults: () => tryOdd(odd),
  })),
].filter(({ name }) => values.only.split(",").some((part) => name.includes(part)));

/** Tells what is stale, or writes it anew. */
async function matrixFaults(mayWrite: boolean): Promise<string[]> {
  const matrix = killMatrix(MUTANTS);
  const faults = matrix.unkilled.map((id) => `${id}: no mutant shows that it bites`);
  const files = {
    [MATRIX_FILES.json]: `${JSON.stringify(matrix, null, 2)}\n`,
    [MATRIX_FILES.page]: matrixPage(MUTANTS, TOLERANCES),
  };
  for (const [path, text] of Object.entries(files)) {
    const stale = (await readFile(path, "utf8").catch(() => "")) !== text;
    if (values.check && stale) faults.push(`${path} is stale: run pnpm zoo`);
    else if (!values.check && stale && mayWrite && faults.length === 0) await writeFile(path, text);
  }
  return faults;
}

/** More than so many misjudged is no bad moment of a machine. */
const MOST_AGAIN = 8;

function tell(name: string, faults: readonly string[]): void {
  const said = faults.map((fault) => `\n       ${fault}`).join("");
  console.log(`${faults.length === 0 ? "ok  " : "FAIL"} ${name}${said}`);
}

async function gather(): Promise<void> {
  const began = performance.now();
  const misjudged: Told[] = [];
  let heard = 0;
  console.error(`${trials.length} servers, a line each.`);
  await inShards(fileURLToPath(import.meta.url), (told) => {
    const one = told as Told;
    heard += 1;
    tell(one.name, one.faults);
    if (one.faults.length > 0) misjudged.push(one);
  });
  const faults: string[] = [];
  for (const { name, faults: first } of misjudged) {
    const again = trials.find((trial) => trial.name === name);
    const alone = misjudged.length > MOST_AGAIN ? first : ((await again?.faults()) ?? first);
    tell(`${name}, alone`, alone);
    faults.push(...alone.map((fault) => `${name}: ${fault}`));
  }
  if (heard !== trials.length || heard === 0)
    faults.push(`${heard} of ${trials.length} servers were tried`);
  if (values.only === "") faults.push(...(await matrixFaults(faults.length === 0)));
  const seconds = Math.round((performance.now() - began) / 1_000);
  console.log(
    `\n${heard} servers, ${misjudged.length} misjudged among others, ${faults.length} faults, ${seconds} s`,
  );
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

const own = ownShare(trials);
if (own === undefined) await gather();
else {
  await several(own, Number(values.lanes), async ({ name, faults }) => {
    process.send?.({ name, faults: await faults() } satisfies Told);
  });
  process.disconnect();
}
