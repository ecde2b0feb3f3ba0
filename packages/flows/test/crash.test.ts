import { expect, test } from "vitest";

import { crashTest } from "./crash/harness.ts";

test("killed with its servers at random moments, each step is done once and gives the same bytes", async () => {
  const seed = Date.now() % 1_000_000;
  const report = await crashTest({ kills: 4, pictures: 3, seed, stepMs: 300 });
  expect({ seed, ...report }).toMatchObject({ repeated: [], differing: [], surplusRuns: 0 });
});
