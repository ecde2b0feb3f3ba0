import { expect, test } from "vitest";

import { crashTest } from "./crash/harness.ts";

test("killed with its servers at random moments, the service loses nothing and does each step once", async () => {
  const seed = Date.now() % 1_000_000;
  const report = await crashTest({ kills: 4, pictures: 3, seed, stepMs: 300 });
  expect({ seed, ...report }).toMatchObject({
    lost: [],
    repeated: [],
    differing: [],
    surplusRuns: 0,
  });
}, 600_000);
