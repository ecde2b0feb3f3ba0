import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const conditions = ["@modly-runs/source", "node", "development|production"];

/** The tests of one part alone: nothing is built for them, and no service is started. */
export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      "scripts/mutation/loads.test.ts",
      ...(JSON.parse(process.env["MUTATION_TESTS"] ?? "[]") as string[]),
    ],
    setupFiles: [fileURLToPath(new URL("setup.ts", import.meta.url))],
    // Stryker watches for mutants that never end; a busy machine must not pass for one.
    testTimeout: 120_000,
  },
});
