import { CHECKS } from "./requirements/index.ts";
import { chosenIds, collect, type Outcome, type RunOptions } from "./run.ts";
import type { TargetConfig } from "./target/config.ts";

/** The two functions that vitest, jest and node:test have in common. */
export type TestFramework = {
  readonly describe: (name: string, body: () => void) => void;
  readonly it: (name: string, body: () => Promise<void>) => void;
};

/**
 * Declares a test for every chosen check. The target is checked once, when the first test runs. A
 * broken MUST or one that could not be tried fails its test; warnings, notes and n/a pass.
 *
 * @example conformanceTests({ describe, it }, { base_url: "http://127.0.0.1:8765" });
 */
export function conformanceTests(
  { describe, it }: TestFramework,
  target: TargetConfig,
  options: RunOptions = {},
): void {
  let outcome: Promise<Outcome> | undefined;
  describe(`workflow runs at ${target.base_url}`, () => {
    for (const id of chosenIds(options)) {
      it(`${id} ${CHECKS[id].title}`, async () => {
        outcome ??= collect(target, options);
        const verdict = (await outcome).verdicts.find((one) => one.id === id);
        const undecided = verdict?.status === "blocked" && verdict.level === "MUST";
        if (verdict?.status === "fail" || verdict?.status === "harness-error" || undecided) {
          throw new Error(
            verdict.reason ??
              `${CHECKS[id].rule}\nexpected: ${verdict.expected}\nobserved: ${verdict.observed}\n${verdict.again ?? ""}`,
          );
        }
      });
    }
  });
}
