import { expect, it } from "vitest";

import { several, TOLERANCES, tryOdd, tryServer } from "./reference/index.ts";

/** Servers at once: most of a trial is waiting. */
const LANES = 8;

it("finds nothing wrong with the reference server", async () => {
  const trial = await tryServer({});
  expect(trial.broken).toEqual([]);
  expect(trial.blocked).toEqual([]);
  const executed = trial.verdicts.filter(({ status }) => status === "pass" || status === "note");
  expect(executed.length).toBeGreaterThanOrEqual(trial.verdicts.length - 1); // a restart is not tried
}, 180_000);

/** The day's number picks which are tried here; `pnpm zoo` tries all of them. */
const SEED = Number(process.env["ZOO_SEED"] ?? Math.floor(Date.now() / 86_400_000));
const SHARE = 30;
const chosen = TOLERANCES.filter((_, at) => at % SHARE === SEED % SHARE);

it(`finds nothing wrong with ${chosen.length} of the ${TOLERANCES.length} odd servers (seed ${SEED})`, async () => {
  const found = await several(chosen, LANES, async (odd) =>
    (await tryOdd(odd)).map((fault) => `${odd.name}: ${fault}`),
  );
  expect(found.flat()).toEqual([]);
  process.stdout.write(`Odd servers that are right: ${chosen.length} tried, all clean\n`);
}, 300_000);
