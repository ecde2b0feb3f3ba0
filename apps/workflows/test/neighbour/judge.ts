import { CHECKS } from "./checks.ts";
import { Broken, callsTo, NotAsked, type Target } from "./target.ts";

/** What came of a check. */
export interface Verdict {
  readonly id: string;
  readonly says: string;
  readonly outcome: "kept" | "broken" | "not asked";
  readonly why?: string;
}

/** Holds a service against everything that the neighbouring API promises, one after the other. */
export async function judge(target: Target, only?: readonly string[]): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const { id, says, run } of CHECKS) {
    if (only && !only.includes(id)) continue;
    try {
      await run(callsTo(target), target);
      verdicts.push({ id, says, outcome: "kept" });
    } catch (cause) {
      const why = (cause as Error).message;
      if (cause instanceof NotAsked) verdicts.push({ id, says, outcome: "not asked", why });
      else {
        const reason = cause instanceof Broken ? why : `it can't be reached: ${why}`;
        verdicts.push({ id, says, outcome: "broken", why: reason });
      }
    }
  }
  return verdicts;
}
