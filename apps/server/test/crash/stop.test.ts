import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { expect, test } from "vitest";

import { startServerProcess } from "../support/server-process.ts";

test("a stop asked for the moment the server says it listens is a graceful one", async () => {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), "modly-stop-"));
  try {
    const server = await startServerProcess({ dataDir });
    expect(await server.kill("SIGTERM")).toEqual({ code: 0, signal: null });
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});
