import type { Behaviour } from "../reference/behaviour.ts";
import { tryServer } from "../reference/trial.ts";

/** What the core set said of one server. */
export interface Judgement {
  /** Checks that failed or warned. */
  broken: readonly string[];
  /** True if only a thorough run said so. */
  thorough: boolean;
}

/** Holds a behaviour against the whole core set as it is run by default, with a restart in it. */
async function usual(overrides: Partial<Behaviour>): Promise<Judgement> {
  const { broken } = await tryServer(overrides);
  return { broken, thorough: false };
}

async function thorough(overrides: Partial<Behaviour>): Promise<Judgement> {
  const { broken } = await tryServer(overrides, {}, { thorough: true });
  return { broken, thorough: true };
}

/** A wrong server is tried as by default; if it slips through, thoroughly. */
export async function tryWrong(overrides: Partial<Behaviour>): Promise<Judgement> {
  const first = await usual(overrides);
  return first.broken.length > 0 ? first : thorough(overrides);
}

/** A right one is tried thoroughly; if it is blamed, once more: that has to be seen twice. */
export async function tryRight(overrides: Partial<Behaviour>): Promise<Judgement> {
  const first = await thorough(overrides);
  return first.broken.length === 0 ? first : thorough(overrides);
}
