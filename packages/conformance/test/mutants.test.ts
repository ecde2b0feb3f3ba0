import { readFile } from "node:fs/promises";

import { describe, expect, it } from "vitest";

import {
  killMatrix,
  MATRIX_FILES,
  matrixPage,
  MUTANTS,
  several,
  TOLERANCES,
  tryMutant,
} from "./reference/index.ts";

/** Servers at once: most of a trial is waiting. */
const LANES = 4;
/** The day's number picks which mutants are tried; it is shown, so that a day can be repeated. */
const SEED = Number(process.env["ZOO_SEED"] ?? Math.floor(Date.now() / 86_400_000));
/** One in so many is held against the whole set that it declares; `pnpm zoo` tries all. */
const SHARE = 40;
const quick = MUTANTS.filter(({ slow }) => slow === undefined);
const CHOSEN = quick.filter((_, at) => at % SHARE === SEED % SHARE);

describe("the wrong servers", () => {
  it(`are each found by the checks that they declare, and by no others (${CHOSEN.length} of ${MUTANTS.length}, seed ${SEED})`, async () => {
    const found = await several(CHOSEN, LANES, async (mutant) =>
      (await tryMutant(mutant)).map((fault) => `${mutant.name}: ${fault}`),
    );
    expect(found.flat()).toEqual([]);
    process.stdout.write(
      `Mutants: ${CHOSEN.length} killed as declared, ${MUTANTS.length - CHOSEN.length} left to pnpm zoo\n`,
    );
  }, 300_000);

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
