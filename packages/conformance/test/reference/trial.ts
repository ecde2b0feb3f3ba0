import type { CheckId } from "../../src/requirements/index.ts";
import { collect, type RunOptions } from "../../src/run.ts";
import type { TargetConfig } from "../../src/target/config.ts";
import type { Verdict } from "../../src/verdict/verdict.ts";
import type { Behaviour } from "./behaviour.ts";
import type { Mutant } from "./mutants/mutant.ts";
import { startReference } from "./server.ts";
import { REFERENCE_TARGET, restartHook, sharedTarget } from "./target.ts";

/** What the suite said of one server. */
export interface Trial {
  /** Checks that failed or warned, in the order of the requirement set. */
  broken: readonly CheckId[];
  blocked: readonly CheckId[];
  verdicts: readonly Verdict[];
}

type Config = Partial<Omit<TargetConfig, "base_url">>;

/** Starts a server with a behaviour, holds it against the suite, and stops it. */
export async function tryServer(
  overrides: Partial<Behaviour>,
  options: RunOptions = {},
  config: Config | ((url: string) => Config) = {},
  places: number | null = null,
): Promise<Trial> {
  const server = await startReference(overrides, places);
  try {
    const usual = places === null ? REFERENCE_TARGET : sharedTarget(places);
    const said = typeof config === "function" ? config(server.url) : config;
    const hooks = { ...restartHook(server.url), ...said.hooks };
    const target = { ...usual, ...said, hooks, base_url: server.url } as TargetConfig;
    const { verdicts } = await collect(target, { seed: 1, ...options });
    const idsOf = (...statuses: Verdict["status"][]) =>
      verdicts.filter(({ status }) => statuses.includes(status)).map(({ id }) => id);
    return { broken: idsOf("fail", "warn", "harness-error"), blocked: idsOf("blocked"), verdicts };
  } finally {
    await server.close();
  }
}

const SURVIVED = " survived";

/** How a trial differs from what the mutant declares; empty when it is exact. */
function differences(mutant: Mutant, { broken }: Trial): string[] {
  const allowed = new Set([...mutant.kills, ...(mutant.mayAlsoFail ?? []).map(({ id }) => id)]);
  return [
    ...mutant.kills.filter((id) => !broken.some((one) => one === id)).map((id) => id + SURVIVED),
    ...broken.filter((id) => !allowed.has(id)).map((id) => `${id} was broken too`),
  ];
}

const TRIES = 3;

/**
 * Holds a mutant against the suite and tells the differences.
 *
 * A race that is swept for may be missed on a busy machine, so a mutant that survives is tried again.
 */
export async function tryMutant(mutant: Mutant, options: RunOptions = {}): Promise<string[]> {
  for (let tries = 1; ; tries += 1) {
    const set = mutant.set ?? "core";
    const trial = await tryServer(mutant.overrides, { set, ...options }, mutant.config);
    const found = differences(mutant, trial);
    if (tries === TRIES || !found.some((fault) => fault.endsWith(SURVIVED))) return found;
  }
}

/** Does something with each item, several at a time; results come in the items' order. */
export async function several<T, R>(
  items: readonly T[],
  at: number,
  action: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const waiting = [...items.entries()];
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift())
      results[next[0]] = await action(next[1], next[0]);
  };
  await Promise.all(Array.from({ length: at }, lane));
  return results;
}
