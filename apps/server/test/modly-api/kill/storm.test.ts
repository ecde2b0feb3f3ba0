import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { expect, test } from "vitest";

import { weather } from "./storm.ts";

test("kills of our server and of Modly leave every run rightly ended and nothing submitted twice", async () => {
  const directory = await mkdtemp(path.join(os.tmpdir(), "modly-storm-"));
  try {
    const report = await weather({ kills: 3, clients: 3, seed: 20_111, directory });
    expect(report.wrong).toEqual([]);
    expect(report.done).toBeGreaterThan(0);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}, 400_000);
