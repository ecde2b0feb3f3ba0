import { isEnded } from "@modly-runs/contract";

import { type CheckId, CHECK_IDS, idsOf, type SetName } from "./requirements/index.ts";
import { Bench } from "./scenarios/bench.ts";
import { SCENARIOS } from "./scenarios/index.ts";
import { LATE_IDS, lookAgain, unlessGone, untilQuiet } from "./scenarios/last-look.ts";
import { judgeHistories } from "./scenarios/predicates.ts";
import type { Scenario } from "./scenarios/scenario.ts";
import { Estimate, LongOnes } from "./session/estimate.ts";
import type { Listener } from "./session/events.ts";
import { CannotGoOn, Session } from "./session/session.ts";
import { restart, settle, STUCK } from "./session/settle.ts";
import { preflight, wireIsVerbatim } from "./target/preflight.ts";
import { SITUATIONS, type TargetConfig } from "./target/config.ts";
import { findSituation } from "./target/situations.ts";
import { Ledger } from "./verdict/ledger.ts";
import type { Verdict } from "./verdict/verdict.ts";
import type { Exchange } from "./wire/exchange.ts";
import { originOf } from "./wire/http.ts";

/** Which checks to run, and how. */
export type RunOptions = {
  /** Default `core`. */
  readonly set?: SetName | "all";
  /** Ids or groups (`CAN`); only these. */
  readonly only?: readonly string[];
  /** Ids or groups to leave out. */
  readonly skip?: readonly string[];
  /** Repeats the choices of an earlier session. */
  readonly seed?: number;
  /** Hears what happens while it runs. */
  readonly onEvent?: Listener;
};

/** What a whole session found. */
export type Outcome = {
  readonly verdicts: readonly Verdict[];
  /** Why nothing could be tried at all. */
  readonly unreachable?: string;
  readonly seed: number;
  readonly milliseconds: number;
  /** What calibration found of each situation that was needed. */
  readonly situations: Readonly<Record<string, string>>;
  readonly exchanges: readonly Exchange[];
};

const selects = (list: readonly string[], id: string) =>
  list.some((item) => item === id || id.startsWith(`${item}-`));

/** The ids that the options choose, in the order of the reports. */
export function chosenIds(options: RunOptions = {}): readonly CheckId[] {
  const { set = "core", only, skip = [] } = options;
  return idsOf(set).filter((id) => (!only || selects(only, id)) && !selects(skip, id));
}

const serves = (scenario: Scenario, wanted: ReadonlySet<CheckId>) =>
  [...scenario.feeds, ...(scenario.shows ?? [])].some((id) => wanted.has(id));

/** `quiet`: begin when no other run is active. `whole`: leave a target that works. */
async function play(
  session: Session,
  scenario: Scenario,
  alone?: "quiet" | "whole",
): Promise<void> {
  const bench = new Bench(session, scenario.name);
  const obstruct = (kind: "blocked" | "n/a" | "harness-error", reason: string) => {
    for (const id of scenario.feeds) {
      if (!session.ledger.hasEvidence(id)) session.ledger.obstruct(id, { kind, reason });
    }
  };
  const since = session.recorder.exchanges.length;
  try {
    if (alone === "quiet") await unlessGone(untilQuiet(session));
    for (const name of scenario.needs ?? []) await bench.situation(name);
    await scenario.run(bench);
  } catch (error) {
    if (error instanceof CannotGoOn) obstruct(error.kind, error.message);
    else obstruct("harness-error", `The suite failed in "${scenario.name}": ${String(error)}`);
  } finally {
    bench.close();
  }
  if (alone === "whole") await leaveWhole(session, bench, since);
}

/** True if one of so many plain runs ends done; one that never ends is the last that is tried. */
async function makesMesh(bench: Bench, tries: number): Promise<boolean> {
  const { id } = await bench.start();
  const status = (await bench.until(id, isEnded))?.body["status"];
  if (status === "done") return true;
  return status !== undefined && tries > 1 && makesMesh(bench, tries - 1);
}

/**
 * Where scenarios follow one another each begins with a target that works: the runs of the one before
 * have ended, and a plain run ends done. A target that no longer gets there is restarted if its
 * configuration says how; else nothing more is tried.
 */
async function leaveWhole(session: Session, bench: Bench, since: number): Promise<void> {
  if (session.gone !== undefined) {
    await restart(session).catch(() => false);
    return;
  }
  try {
    const settled = await settle(session, since);
    // The first run after a kill may fail of it; that is judged where it was provoked.
    if (settled && (await makesMesh(bench, 3))) return;
    if (!(await restart(session))) session.gone ??= STUCK;
  } catch (error) {
    if (!(error instanceof CannotGoOn)) session.gone ??= `${STUCK} (${String(error)})`;
    else if (!(await restart(session).catch(() => false))) session.gone ??= STUCK;
  }
}

/**
 * A target that what came before may have worn out, such as one whose threads wait for dead work, hides
 * what only shows when runs meet. Where it may be restarted, those scenarios begin with a fresh one.
 */
async function renew(session: Session): Promise<void> {
  const bench = new Bench(session, "a fresh target");
  try {
    if (await restart(session)) await makesMesh(bench, 3);
  } catch {
    // What is wrong with it shows in the scenario itself.
  } finally {
    bench.close();
  }
}

/** Milliseconds between two words of a long scenario. */
const TELL_MS = 2_000;

/** How many scenarios talk to the target at once, unless its configuration says otherwise. */
const LANES = 6;

async function playAll(session: Session, scenarios: readonly Scenario[]): Promise<void> {
  const beside = scenarios.filter(({ alone }) => !alone);
  const alone = scenarios.filter((scenario) => scenario.alone);
  const lanes = session.target.lanes ?? LANES;
  const uncounted = (of: readonly Scenario[]) => of.filter(({ lasts }) => !lasts).length;
  const estimate = new Estimate(lanes, uncounted(beside), uncounted(alone));
  const longOnes = new LongOnes(session, scenarios);
  let done = 0;
  const tell = (name: string, state: "begins" | "goes on" | "ends") => {
    const left_ms = estimate.leftMs(session.measured, longOnes.leftMs());
    session.tell({ type: "scenario", name, state, done, total: scenarios.length, left_ms });
  };
  const playOne = async (scenario: Scenario) => {
    const began = performance.now();
    longOnes.begins(scenario);
    tell(scenario.name, "begins");
    // A scenario of minutes says in between how it goes on.
    const clock = scenario.lasts && setInterval(() => tell(scenario.name, "goes on"), TELL_MS);
    const only = lanes === 1 ? "whole" : scenario.alone === true ? "quiet" : undefined;
    if (only === "whole" && scenario.race === true && session.gone === undefined)
      await renew(session);
    const tries = scenario.race ? (session.target.races ?? 1) : 1;
    const found = () => scenario.feeds.some((id) => session.ledger.isBroken(id));
    // Other scenarios may have found something for its checks: it is played all the same.
    for (let count = 0; count < tries && session.gone === undefined; count += 1) {
      await play(session, scenario, only);
      if (found()) break;
    }
    // A session that is over still owes each check its reason.
    if (session.gone !== undefined) await play(session, scenario);
    clearInterval(clock);
    longOnes.ended(scenario);
    if (!scenario.lasts)
      estimate.ended(scenario.alone ? "alone" : "beside", performance.now() - began);
    done += 1;
    tell(scenario.name, "ends");
  };
  const waiting = [...beside];
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await playOne(next);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  for (const scenario of alone) await playOne(scenario);
}

/**
 * Checks a target; yields a verdict for each chosen check and returns the whole outcome. Never throws
 * for anything the target does: a target that can't be reached makes every check blocked.
 */
export async function* runConformance(
  target: TargetConfig,
  options: RunOptions = {},
): AsyncGenerator<Verdict, Outcome> {
  const began = performance.now();
  const seed = options.seed ?? Math.floor(Math.random() * 1_000_000);
  const chosen = chosenIds(options);
  const origin = originOf(target.base_url);
  const session =
    typeof origin === "string"
      ? undefined
      : new Session(target, origin, seed, findSituation, options.onEvent);
  options.onEvent?.({ type: "begin", base_url: target.base_url, checks: chosen.length });
  let unreachable = typeof origin === "string" ? origin : session && (await preflight(session));
  if (session && unreachable === undefined && chosen.length > 0) {
    await unlessGone(session.situation("succeeds").then(() => {}));
    unreachable = session.unusable;
  }
  if (session && unreachable === undefined && chosen.length > 0) {
    const wanted = new Set(chosen);
    const scenarios = SCENARIOS.filter(
      (scenario) => serves(scenario, wanted) && (!scenario.thorough || target.thorough === true),
    );
    // Measured while nothing else is at work.
    if (scenarios.some(({ needs }) => needs?.includes("runs_long")))
      await unlessGone(session.situation("runs_long").then(() => {}));
    // How many places there are decides how long such a scenario takes.
    if (scenarios.some(({ lasts }) => lasts))
      await unlessGone(session.situation("queued").then(() => {}));
    await playAll(session, scenarios);
    if (LATE_IDS.some((id) => wanted.has(id))) await unlessGone(lookAgain(session));
    await judgeHistories(session);
    const harness = await wireIsVerbatim();
    if (harness !== undefined) {
      for (const id of CHECK_IDS)
        session.ledger.obstruct(id, { kind: "harness-error", reason: harness });
    }
  }
  const found = (id: CheckId): Verdict => {
    if (session === undefined || unreachable !== undefined) {
      return new Ledger().verdict(id);
    }
    const verdict = session.ledger.verdict(id);
    // The last one shown is the one that broke the rule.
    const shown = verdict.exchanges?.at(-1);
    const exchange = shown === undefined ? undefined : session.recorder.exchanges[shown - 1];
    return exchange ? { ...verdict, again: exchange.again } : verdict;
  };
  const verdicts = chosen.map((id) => {
    const verdict = found(id);
    return unreachable === undefined ? verdict : { ...verdict, reason: unreachable };
  });
  yield* verdicts;
  const situations = Object.fromEntries(
    await Promise.all(
      SITUATIONS.filter((name) => session?.situations.has(name)).map(async (name) => {
        const known = await session?.situations.get(name)?.catch(() => undefined);
        return [name, known?.ok ? known.note : (known?.reason ?? "could not be tried")] as const;
      }),
    ),
  );
  return {
    verdicts,
    ...(unreachable === undefined ? {} : { unreachable }),
    seed,
    milliseconds: Math.round(performance.now() - began),
    situations,
    exchanges: session?.recorder.exchanges ?? [],
  };
}

/** Runs to the end and returns the whole outcome at once. */
export async function collect(target: TargetConfig, options: RunOptions = {}): Promise<Outcome> {
  const verdicts = runConformance(target, options);
  for (;;) {
    const step = await verdicts.next();
    if (step.done) return step.value;
  }
}
