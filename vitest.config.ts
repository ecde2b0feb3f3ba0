import { defineConfig } from "vitest/config";

// Packages are read from their sources, so that no test waits for a build (see docs/decisions). All else is as
// Node has it, so without "module": files that only bundlers can read.
const conditions = ["@modly-runs/source", "node", "development|production"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // Commands and servers are tried as people have them: built, as processes.
    globalSetup: ["scripts/build-for-tests.ts", "scripts/services-for-tests.ts"],
    include: ["{packages,apps}/*/{src,test}/**/*.test.ts", "{test,examples}/**/*.test.ts"],
    // Most of the time is spent waiting for other processes, so more files than cores go at once.
    maxWorkers: 6,
    // A generous bound against hangs, never a measurement.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    reporters: process.env.VITEST_REPORT
      ? ["default", ["json", { outputFile: process.env.VITEST_REPORT }]]
      : ["default"],
  },
});
