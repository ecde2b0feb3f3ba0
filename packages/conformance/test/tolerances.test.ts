import { expect, it } from "vitest";

import { several, TOLERANCES, troubles, tryServer } from "./reference/index.ts";

/** Servers at once: most of a trial is waiting. */
const LANES = 8;

it("finds nothing wrong with the reference server", async () => {
  const trial = await tryServer({});
  expect(trial.broken).toEqual([]);
  expect(trial.blocked).toEqual([]);
  const executed = trial.verdicts.filter(({ status }) => status === "pass" || status === "note");
  expect(executed.length).toBeGreaterThanOrEqual(trial.verdicts.length - 1); // a restart is not tried
});

it(`finds nothing wrong with any of the ${TOLERANCES.length} odd servers`, async () => {
  const found = await several(TOLERANCES, LANES, async (odd) =>
    troubles(odd, await tryServer(odd.overrides, {}, odd.config)).map(
      (fault) => `${odd.name}: ${fault}`,
    ),
  );
  expect(found.flat()).toEqual([]);
  process.stdout.write(`Odd servers that are right: ${TOLERANCES.length}, all clean\n`);
}, 300_000);
