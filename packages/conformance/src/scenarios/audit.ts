import { CancelAnswer, isEnded, isRunStatus, type RunStatus } from "@modly-runs/contract";

import { runBodyOf } from "../history/observations.ts";
import type { CheckId } from "../requirements/index.ts";
import type { Known, Promised } from "../session/roster.ts";
import type { Session } from "../session/session.ts";
import { type SituationName, SITUATIONS } from "../target/config.ts";
import { type Exchange, isJsonType, jsonOf } from "../wire/exchange.ts";
import { isJson, isSuccess, statusOf, told } from "./answers.ts";

/**
 * Judges every create, every cancel and every run of the session, and not only those of the scenario
 * that is about them: a server that is wrong to every tenth run is right to most scenarios.
 */
export function audit(session: Session): void {
  const stories = storiesOf(session.recorder.exchanges);
  auditCreates(session);
  auditCancels(session, stories);
  // Where each scenario has a fragile target to itself, what it does to others is judged there.
  if (session.target.lanes !== 1) auditEnds(session, stories);
}

type Read = { readonly exchange: Exchange; readonly status: RunStatus };
/** What was sent and seen of one run, in the order of the answers. */
type Story = { readonly reads: Read[]; readonly cancels: Exchange[]; readonly missing: Exchange[] };

function storiesOf(exchanges: readonly Exchange[]): ReadonlyMap<string, Story> {
  const stories = new Map<string, Story>();
  for (const exchange of exchanges) {
    const { meaning, request } = exchange;
    if ((meaning.act !== "read" && meaning.act !== "cancel") || !meaning.exact) continue;
    const story = stories.get(meaning.runId) ?? { reads: [], cancels: [], missing: [] };
    stories.set(meaning.runId, story);
    if (meaning.act === "cancel" && request.method === "POST") story.cancels.push(exchange);
    const status = runBodyOf(exchange)?.["status"];
    if (isRunStatus(status)) story.reads.push({ exchange, status });
    else if (meaning.act === "read" && statusOf(exchange) === 404) story.missing.push(exchange);
  }
  return stories;
}

function auditCreates({ recorder, ledger }: Session): void {
  const add = (id: CheckId, exchange: Exchange, ok: boolean, expected: string, also?: number) =>
    ledger.add(id, {
      ok,
      expected,
      observed: ok ? "" : told(exchange),
      exchanges: [...(also === undefined ? [] : [also]), exchange.number],
    });
  const first = new Map<string, number>();
  for (const exchange of recorder.exchanges) {
    const { meaning, response, request } = exchange;
    if (meaning.act !== "create" || response === undefined || !isSuccess(exchange)) continue;
    const { run_id, status } = (jsonOf(response) ?? {}) as Record<string, unknown>;
    if (typeof run_id !== "string") continue;
    add("CRE-02", exchange, isJsonType(response), "Content-Type application/json");
    add(
      "CRE-04",
      exchange,
      /^[\w.~-]{1,128}$/.test(run_id),
      "1-128 characters that need no escaping",
    );
    add("CRE-05", exchange, status === "pending", "status pending");
    if (Object.keys(request.headers ?? {}).some((name) => /^idempotency-key$/i.test(name)))
      continue;
    const before = first.get(run_id);
    add("CRE-36", exchange, before === undefined, "a run_id that no other create got", before);
    first.set(run_id, before ?? exchange.number);
  }
}

const AFTER = { done: "CAN-06", error: "CAN-07", cancelled: "CAN-08" } as const;

/** Which check a cancel is for, or undefined where nobody can tell how far the run was. */
function cancelCheck({ reads, cancels }: Story, cancel: Exchange): CheckId | undefined {
  const end = reads.find(({ status, exchange }) => isEnded(status) && exchange.end < cancel.start);
  if (end) return AFTER[end.status as keyof typeof AFTER];
  const others = cancels.filter((other) => other !== cancel && other.start < cancel.end);
  return others.length === 0 ? "CAN-01" : undefined;
}

function auditCancels({ ledger, roster }: Session, stories: ReadonlyMap<string, Story>): void {
  for (const [id, story] of stories) {
    const run = roster.get(id);
    // Of a run that was never seen a cancel need not know either: that is CRE-03's.
    if (!run || story.reads.length === 0) continue;
    for (const cancel of story.cancels) {
      const check = cancelCheck(story, cancel);
      const answered = cancel.response !== undefined && cancel.request.body === undefined;
      const retired = story.missing.some(({ start }) => start < cancel.end);
      if (check === undefined || !answered || retired) continue;
      const add = (id: CheckId, ok: boolean, expected: string) =>
        ledger.add(id, {
          ok,
          expected,
          observed: ok ? "" : told(cancel),
          exchanges: [cancel.number],
        });
      add(check, isSuccess(cancel), "200 or 202");
      if (!isSuccess(cancel)) continue;
      const whole = isJson(cancel) && CancelAnswer.safeParse(jsonOf(cancel.response)).success;
      add("CAN-01", whole, "JSON, with status or cancelled");
    }
  }
}

/** How a run of each situation ends that is left alone; the rest is learned from those that were. */
const OWN_END: Partial<Record<SituationName, RunStatus>> = {
  succeeds: "done",
  fingerprint: "done",
  fails: "error",
};

type Life = {
  readonly run: Known;
  readonly promised: Promised;
  /** The first read that showed an end; what comes after it is LIF-03's. */
  readonly end: Read | undefined;
  /** The last that was seen. */
  readonly last: Read;
  /** The first cancel that may have had an effect: it was sent before any read showed an end. */
  readonly cancel: Exchange | undefined;
};

function livesOf(session: Session, stories: ReadonlyMap<string, Story>): readonly Life[] {
  return session.roster.all().flatMap((run) => {
    const { promised } = run;
    const story = stories.get(run.id);
    const last = story?.reads.at(-1);
    if (!promised || run.interrupted || !story || !last) return [];
    const end = story.reads.find(({ status }) => isEnded(status));
    const cancel = story.cancels.find(({ start }) => !end || start < end.exchange.end);
    return [{ run, promised, end, last, cancel }];
  });
}

function auditEnds(session: Session, stories: ReadonlyMap<string, Story>): void {
  const lives = livesOf(session, stories);
  const other = modelsApart(session);
  for (const situation of SITUATIONS) {
    const of = lives.filter(({ promised }) => promised.situation === situation);
    const alone = of.flatMap(({ cancel, end }) => (cancel || !end ? [] : [end.status]));
    const own =
      OWN_END[situation] ??
      (alone.length > 0 && alone.every((status) => status === "done") ? "done" : undefined);
    for (const life of of) judgeEnd(session, life, own, other);
  }
}

/** True where a run that ends as another situation's must have been made by another model. */
function modelsApart({ target: { situations = {} } }: Session): boolean {
  const { succeeds, fails, runs_long } = situations;
  const ids = [succeeds, fails, runs_long].flatMap((recipe) =>
    typeof recipe === "object" ? [recipe.model_id] : [],
  );
  return ids.length === 3 && new Set(ids).size === 3;
}

function judgeEnd(
  session: Session,
  { run, promised, end, last, cancel }: Life,
  own: RunStatus | undefined,
  apart: boolean,
): void {
  const { situation, lastsMs } = promised;
  const { exchange, status } = end ?? last;
  const add = (id: CheckId, ok: boolean, expected: string) =>
    session.ledger.add(id, {
      ok,
      expected,
      observed: ok ? "" : told(exchange),
      exchanges: [run.create, ...(cancel ? [cancel.number] : []), exchange.number],
    });
  if (end === undefined) {
    add("LIF-05", false, `the run of ${situation} ends`);
    return;
  }
  const done = status === "done";
  const early = lastsMs !== undefined && done && !cancel && exchange.end - run.born < lastsMs;
  if (apart && (early || (situation === "fails" && done))) {
    add("CRE-43", false, `a run as the model of ${situation} makes it`);
    return;
  }
  if (cancel === undefined) {
    // One that nobody cancelled and that says so is LIF-06's.
    if (own !== undefined && status !== "cancelled")
      add("LIF-17", status === own, `${own}, as runs of ${situation} end`);
    return;
  }
  if (!isSuccess(cancel)) return;
  const certain =
    situation === "runs_long" && lastsMs !== undefined && cancel.end - run.born < lastsMs;
  if (certain) add("CAN-03", status === "cancelled", "cancelled");
  else if (own !== undefined)
    add("CAN-12", status === "cancelled" || status === own, `cancelled or ${own}`);
}
