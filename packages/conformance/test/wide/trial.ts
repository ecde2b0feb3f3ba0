import type { Behaviour } from "../reference/behaviour.ts";
import { tryServer } from "../reference/trial.ts";

/** What the core set said of one server. */
export interface Judgement {
  /** Checks that failed or warned. */
  broken: readonly string[];
  /** True if only a thorough run said so. */
  thorough: boolean;
  /** True if the suite judged nothing at all, and said why: no pass either. */
  refused: boolean;
}

async function tried(overrides: Partial<Behaviour>, thorough: boolean): Promise<Judgement> {
  const config = thorough ? { thorough } : {};
  const { broken, blocked, verdicts } = await tryServer(overrides, {}, config);
  return { broken, thorough, refused: blocked.length === verdicts.length };
}

/** A wrong server is held against the core set as by default, with a restart in it; if it slips through, thoroughly. */
export async function tryWrong(overrides: Partial<Behaviour>): Promise<Judgement> {
  const first = await tried(overrides, false);
  return first.broken.length > 0 ? first : tried(overrides, true);
}

/** A right one is tried thoroughly; if it is blamed, once more: that has to be seen twice. */
export async function tryRight(overrides: Partial<Behaviour>): Promise<Judgement> {
  const first = await tried(overrides, true);
  return first.broken.length === 0 ? first : tried(overrides, true);
}
