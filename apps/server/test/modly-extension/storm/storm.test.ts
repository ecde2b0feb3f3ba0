import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { expect, test } from "vitest";

import { WITHOUT_PYTHON } from "../bench.ts";
import { weather } from "./storm.ts";

test.skipIf(WITHOUT_PYTHON)(
  "cancels and kills of the server and of Python leave every run rightly ended, and no process",
  async () => {
    const directory = await mkdtemp(path.join(os.tmpdir(), "extension-storm-"));
    const kills = { server: 1, python: 2 };
    try {
      const report = await weather({ runs: 16, clients: 3, kills, seed: 20_111, directory });
      expect(report.wrong).toEqual([]);
      expect(report.done).toBeGreaterThan(0);
      expect(report.cancelled).toBeGreaterThan(0);
    } finally {
      await rm(directory, { recursive: true, force: true, maxRetries: 3 });
    }
  },
  400_000,
);
