import { expect, test } from "vitest";

import { databaseForTest } from "../../server/test/support/database.ts";
import { HAS_SERVICES, servicesForTests } from "../../server/test/support/services/for-tests.ts";
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

test.runIf(HAS_SERVICES)(
  "of several services on one database, what a killed one was at goes on elsewhere, each step once",
  async () => {
    const seed = Date.now() % 1_000_000;
    const { database, queue } = await servicesForTests();
    const { url, schema, drop } = await databaseForTest(database);
    const report = await crashTest({
      ...{ kills: 2, pictures: 3, seed, stepMs: 300 },
      shared: { nodes: 2, database: url, queue: `${queue}?prefix=${schema}` },
    }).finally(drop);
    expect({ seed, ...report }).toMatchObject({
      lost: [],
      repeated: [],
      differing: [],
      surplusRuns: 0,
    });
  },
  600_000,
);
