import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { expect, test } from "vitest";

import { PHASES } from "./aims.ts";
import { crashTest } from "./harness.ts";

const KILLS = 20;

test(`${KILLS} kills in the middle of things lose nothing and take nothing back`, async () => {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), "modly-crash-"));
  try {
    const report = await crashTest({ kills: KILLS, seed: 5, dataDir });
    expect(report.wrong).toEqual([]);
    expect(report.accepted).toBeGreaterThan(KILLS);
    expect(report.readable).toBe(report.accepted);
    expect(report.ended).toBe(report.accepted);
    expect(report.debris.partUploads).toBeGreaterThan(0);
    for (const phase of PHASES) expect(report.phases[phase].hit, phase).toBeGreaterThan(0);
  } finally {
    await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
  }
}, 180_000);
