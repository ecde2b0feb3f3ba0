/** Modules that one run of Stryker mutates, and the fast tests that have to notice. */
export interface Part {
  readonly tests: readonly string[];
  /** Each module, and the lowest share of its mutants, in percent, that the tests have to find. */
  readonly modules: Readonly<Record<string, number>>;
}

/** The modules without input and output, whose laws the rest leans on. */
export const PARTS: Readonly<Record<string, Part>> = {
  contract: {
    tests: [
      "packages/contract/src/lifecycle.test.ts",
      "packages/contract/src/run.test.ts",
      "packages/contract/src/problems.test.ts",
      "packages/contract/test/schemas.test.ts",
    ],
    modules: {
      "packages/contract/src/lifecycle.ts": 95,
      "packages/contract/src/run.ts": 95,
      "packages/contract/src/problems.ts": 95,
    },
  },
  history: {
    tests: [
      "packages/conformance/src/history/check.test.ts",
      "packages/conformance/test/observations.test.ts",
    ],
    modules: {
      "packages/conformance/src/history/check.ts": 96,
      "packages/conformance/src/history/observations.ts": 96,
    },
  },
  verdict: {
    tests: ["packages/conformance/src/verdict/verdict.test.ts"],
    modules: {
      "packages/conformance/src/verdict/ledger.ts": 95,
      "packages/conformance/src/verdict/baseline.ts": 95,
    },
  },
  programs: {
    tests: ["packages/conformance/test/judge.test.ts"],
    modules: { "packages/conformance/src/programs/judge.ts": 95 },
  },
  compare: {
    tests: ["packages/conformance/src/reports/compare.test.ts"],
    modules: { "packages/conformance/src/reports/compare.ts": 95 },
  },
  order: {
    tests: ["packages/flows/test/plan.test.ts"],
    modules: { "packages/flows/src/definition/order.ts": 94 },
  },
  engine: {
    tests: ["packages/flows/test/engine.test.ts", "packages/flows/test/engine-table.test.ts"],
    modules: { "packages/flows/src/engine/engine.ts": 97 },
  },
  server: {
    tests: [
      "apps/server/src/runs/progress.test.ts",
      "apps/server/src/runs/sentence.test.ts",
      "apps/server/src/json-depth.test.ts",
      "apps/server/src/http/sent.test.ts",
    ],
    modules: {
      "apps/server/src/runs/progress.ts": 97,
      "apps/server/src/runs/sentence.ts": 95,
      "apps/server/src/json-depth.ts": 95,
      "apps/server/src/http/sent.ts": 95,
    },
  },
};
