import { expect, test } from "vitest";

import { collect } from "../src/index.ts";
import { resultOf } from "../src/reports/index.ts";
import { troublesOf, withOwnServer } from "./trusted.ts";

test(
  "the server of this project keeps the core, and strangers find nothing to attack: no failure, no warning, nothing blocked",
  { timeout: 180_000 },
  async () => {
    await withOwnServer(async (target) => {
      const outcome = await collect(target);
      const { counts, declared, executed, exit_code, headline } = resultOf(outcome, {
        target,
        set: "core",
      });
      process.stdout.write(`Our server: ${headline}\n`);
      const odd = outcome.verdicts.filter(
        ({ status }) => !["pass", "note", "n/a"].includes(status),
      );
      expect(odd).toEqual([]);
      expect({ exit_code, fail: counts.fail, warn: counts.warn, blocked: counts.blocked }).toEqual({
        exit_code: 0,
        fail: 0,
        warn: 0,
        blocked: 0,
      });
      // Only the restart hook is not claimed.
      expect(executed).toBe(declared - 1);
      // `pnpm zoo` holds it against everything, thoroughly too.
      const strangers = { set: "hardening", only: ["SEC"], skip: ["SEC-09"] } as const;
      expect(await troublesOf(target, strangers)).toEqual([]);
    });
  },
);
