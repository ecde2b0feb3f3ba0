import type { CheckId } from "../../src/requirements/index.ts";
import { collect, type RunOptions } from "../../src/run.ts";
import type { TargetConfig } from "../../src/target/config.ts";
import type { Verdict } from "../../src/verdict/verdict.ts";
import type { Behaviour } from "./behaviour.ts";
import type { Mutant } from "./mutants/mutant.ts";
import { startReference } from "./server.ts";
import { REFERENCE_TARGET, restartHook, sharedTarget } from "./target.ts";
import type { Tolerance } from "./tolerance.ts";

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

/** A race that is swept for may be missed on a busy machine: what survives is tried again. */
const TRIES = 3;
/** Where something else was found too, the machine may have stood still: that has to be seen twice. */
const TRIES_OF_MORE = 2;

/** Holds a mutant against the suite and tells the differences. */
export async function tryMutant(mutant: Mutant, options: RunOptions = {}): Promise<string[]> {
  for (let tries = 1; ; tries += 1) {
    const set = mutant.set ?? "core";
    const trial = await tryServer(mutant.overrides, { set, ...options }, mutant.config);
    const found = differences(mutant, trial);
    const most = found.some((fault) => fault.endsWith(SURVIVED)) ? TRIES : TRIES_OF_MORE;
    if (found.length === 0 || tries >= most) return found;
  }
}

/** What is wrong with the judgement of an odd server: any fail or block, any warning it does not declare. */
function troubles(odd: Tolerance, { blocked, verdicts }: Trial): string[] {
  const wrong = verdicts.filter(
    ({ id, status }) =>
      status === "fail" ||
      status === "harness-error" ||
      (status === "warn" && !odd.warns?.includes(id)),
  );
  return [
    ...blocked.map((id) => `${id} was blocked`),
    ...wrong.map(({ id, status, observed }) => `${id}: ${status}, ${observed}`),
  ];
}

/** Holds a server that is odd and right against the suite, twice if it is blamed, and tells for what. */
export async function tryOdd(odd: Tolerance): Promise<string[]> {
  const blamed = async () => troubles(odd, await tryServer(odd.overrides, {}, odd.config));
  const first = await blamed();
  return first.length === 0 ? first : blamed();
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
