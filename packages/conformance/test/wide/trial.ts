import type { Behaviour } from "../reference/behaviour.ts";
import { tryServer } from "../reference/trial.ts";

/** What the core set said of one server. */
export interface Judgement {
  /** Checks that failed or warned. */
  broken: readonly string[];
  blocked: readonly string[];
}

/** Holds a behaviour against the whole core set, with a restart in it. */
export async function judge(overrides: Partial<Behaviour>): Promise<Judgement> {
  const { broken, blocked } = await tryServer(overrides);
  return { broken, blocked };
}
