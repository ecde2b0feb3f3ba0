import { readFile } from "node:fs/promises";

import { describe, expect, it } from "vitest";

import {
  killMatrix,
  MATRIX_FILES,
  matrixPage,
  type Mutant,
  MUTANTS,
  several,
  TOLERANCES,
  tryMutant,
} from "./reference/index.ts";

/** Servers at once: most of a trial is waiting. */
const LANES = 8;
/** The day's number picks which mutants are tried in full; it is shown, so that a day can be repeated. */
const SEED = Number(process.env["ZOO_SEED"] ?? Math.floor(Date.now() / 86_400_000));
const SAMPLE = 2;
/** One in so many is held against what it declares; `pnpm zoo` tries all, and in full. */
const SHARE = 3;
const CHOSEN = MUTANTS.filter(
  (mutant, at) => at % SHARE === SEED % SHARE && mutant.slow === undefined,
);

/** Those that only `pnpm zoo` has the time for. */
const slow = MUTANTS.flatMap((mutant) => (mutant.slow ? [`${mutant.name}: ${mutant.slow}`] : []));

/** A few mutants, others for each seed. */
function sample(mutants: readonly Mutant[]): Mutant[] {
  const step = Math.floor(mutants.length / SAMPLE);
  return Array.from({ length: SAMPLE }, (_, part) => mutants[part * step + (SEED % step)]).filter(
    (mutant) => mutant !== undefined,
  );
}

describe("the wrong servers", () => {
  it(`are each found by the checks that they declare (${CHOSEN.length} of ${MUTANTS.length}, seed ${SEED})`, async () => {
    const found = await several(CHOSEN, LANES, async (mutant) =>
      (await tryMutant(mutant, { only: mutant.kills })).map((fault) => `${mutant.name}: ${fault}`),
    );
    expect(found.flat()).toEqual([]);
    const { unkilled } = killMatrix(MUTANTS);
    process.stdout.write(
      `Mutants: ${CHOSEN.length} killed as declared, ${unkilled.length} checks without one; left to pnpm zoo: ${slow.join(", ")}\n`,
    );
  }, 300_000);

  it.concurrent.each(sample(MUTANTS.filter(({ slow: why }) => why === undefined)))(
    `fail nothing else: $name (seed ${SEED})`,
    async (mutant) => {
      expect(await tryMutant(mutant)).toEqual([]);
    },
    120_000,
  );

  it("have names of their own", () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  });
});

describe("the kill matrix", () => {
  it("leaves no MUST and no SHOULD without a wrong server that it finds", () => {
    expect(killMatrix(MUTANTS).unkilled).toEqual([]);
  });

  it("is written down as the mutants declare it (else run pnpm zoo)", async () => {
    expect(JSON.parse(await readFile(MATRIX_FILES.json, "utf8"))).toEqual(killMatrix(MUTANTS));
    expect(await readFile(MATRIX_FILES.page, "utf8")).toBe(matrixPage(MUTANTS, TOLERANCES));
  });
});
