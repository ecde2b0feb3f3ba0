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
      "packages/contract/src/lifecycle.ts": 90,
      "packages/contract/src/run.ts": 90,
      "packages/contract/src/problems.ts": 90,
    },
  },
  history: {
    tests: [
      "packages/conformance/src/history/check.test.ts",
      "packages/conformance/test/observations.test.ts",
    ],
    modules: {
      "packages/conformance/src/history/check.ts": 90,
      "packages/conformance/src/history/observations.ts": 90,
    },
  },
  verdict: {
    tests: [
      "packages/conformance/src/verdict/verdict.test.ts",
      "packages/conformance/test/judge.test.ts",
      "packages/conformance/src/reports/compare.test.ts",
    ],
    modules: {
      "packages/conformance/src/verdict/verdict.ts": 90,
      "packages/conformance/src/verdict/ledger.ts": 90,
      "packages/conformance/src/verdict/baseline.ts": 90,
      "packages/conformance/src/programs/judge.ts": 90,
      "packages/conformance/src/reports/compare.ts": 90,
    },
  },
  engine: {
    tests: ["packages/flows/test/engine.test.ts", "packages/flows/test/engine-table.test.ts"],
    modules: { "packages/flows/src/engine/engine.ts": 90 },
  },
  plan: {
    tests: ["packages/flows/test/definition.test.ts", "packages/flows/test/plan.test.ts"],
    modules: {
      "packages/flows/src/definition/order.ts": 90,
      "packages/flows/src/plan/make.ts": 90,
    },
  },
  server: {
    tests: [
      "apps/server/src/runs/progress.test.ts",
      "apps/server/src/runs/sentence.test.ts",
      "apps/server/src/json-depth.test.ts",
      "apps/server/src/http/sent.test.ts",
    ],
    modules: {
      "apps/server/src/runs/progress.ts": 90,
      "apps/server/src/runs/sentence.ts": 90,
      "apps/server/src/json-depth.ts": 90,
      "apps/server/src/http/sent.ts": 90,
    },
  },
};
