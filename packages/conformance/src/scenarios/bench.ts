import { isEnded, isRunStatus, type RunStatus } from "@modly-runs/contract";
import { setTimeout as sleep } from "node:timers/promises";

import { runBodyOf } from "../history/observations.ts";
import type { CheckId } from "../requirements/index.ts";
import { acceptedIdOf } from "../session/roster.ts";
import { CannotGoOn, type Session } from "../session/session.ts";
import type { Recipe, SituationName } from "../target/config.ts";
import type { Exchange, Meaning, Pool, WireRequest } from "../wire/exchange.ts";
import { openPool } from "../wire/http.ts";
import { multipart, type Part } from "../wire/multipart.ts";
import { png } from "../wire/pictures.ts";
import { changes, isBusy, told } from "./answers.ts";
import { firstMesh } from "./meshes.ts";

/** What a scenario may change of a request. */
export type Extra = Partial<Omit<WireRequest, "method">> & {
  readonly signal?: AbortSignal;
  /** Of a create: a server that is busy is not asked again. */
  readonly atOnce?: boolean;
};

/** A read that showed a run. */
export type Seen = { readonly exchange: Exchange; readonly body: Record<string, unknown> };

/** A run that was accepted. */
export type Started = { readonly id: string; readonly exchange: Exchange };

const CREATE_PATH = "/workflow-runs/from-image";

/** How the runs of a situation end that end by themselves. */
const FINISHES = {
  succeeds: "done",
  fingerprint: "done",
  fails: "error",
} as const satisfies Partial<Record<SituationName, RunStatus>>;
type Finishing = keyof typeof FINISHES;

/** The tools of a scenario: requests with a meaning, waits without guesses, findings. */
export class Bench {
  readonly session: Session;
  readonly scenario: string;
  private readonly pools: Pool[] = [];
  private readonly believed = new Map<
    SituationName,
    { recipe: Recipe; picture: Buffer | undefined }
  >();

  constructor(session: Session, scenario: string) {
    this.session = session;
    this.scenario = scenario;
  }

  /** A finding of a check: the rule was kept, or what was expected and what was seen instead. */
  expect(id: CheckId, ok: boolean, expected: string, observed: string, ...shown: Exchange[]): void {
    const exchanges = shown.map(({ number }) => number);
    this.session.ledger.add(id, { ok, expected, observed, exchanges });
  }

  /** The same, for an answer that speaks for itself. */
  judge(id: CheckId, exchange: Exchange, expected: string, ok: boolean): boolean {
    this.expect(id, ok, expected, told(exchange), exchange);
    return ok;
  }

  /** The same, for an answer with one of some statuses; `fault` is what else is wrong with it, and where. */
  judgeBody(
    id: CheckId,
    exchange: Exchange,
    expected: string,
    rightStatus: boolean,
    fault: string | undefined,
  ): void {
    const place = rightStatus ? fault : "the status";
    this.expect(id, place === undefined, expected, told(exchange, place), exchange);
  }

  /** A read that has to show the run as another did; a finding names the keys that differ. */
  same(id: CheckId, expected: string, before: Seen, later: Exchange): void {
    const now = runBodyOf(later);
    const found = now === undefined ? [told(later)] : changes(before.body, now);
    const [observed, shown] = [found.join("; "), [before.exchange, later]];
    this.expect(id, found.length === 0, expected, observed, ...shown);
  }

  /** Takes a recipe at its word, so that this bench can try it. */
  believe(name: SituationName, recipe: Recipe, picture?: Buffer): void {
    this.believed.set(name, { recipe, picture });
  }

  async situation(
    name: SituationName,
  ): Promise<{ recipe: Recipe; picture: Buffer | undefined; named?: boolean }> {
    const believed = this.believed.get(name);
    if (believed) return believed;
    const found = await this.session.situation(name);
    if (!found.ok) throw new CannotGoOn(found.reason, found.kind);
    return found;
  }

  send(
    request: WireRequest,
    extra: { meaning?: Meaning; signal?: AbortSignal; answerOwed?: boolean } = {},
  ): Promise<Exchange> {
    return this.session.send(this.scenario, request, extra);
  }

  /** A connection of this scenario's own, closed when it is over. */
  pool(): Pool {
    const pool = openPool(this.session.origin);
    this.pools.push(pool);
    return pool;
  }

  close(): void {
    for (const pool of this.pools) pool.close();
  }

  /** The usual parts of a create, with a picture that nobody else sends. */
  async parts(name: SituationName = "succeeds"): Promise<{ image: Part; fields: readonly Part[] }> {
    const { recipe, picture } = await this.situation(name);
    const content = picture ?? png(this.session.nextPicture());
    return {
      image: { name: "image", filename: "picture.png", type: "image/png", content },
      fields: [
        ...(recipe.model_id === undefined ? [] : [{ name: "model_id", content: recipe.model_id }]),
        ...(recipe.params === undefined
          ? []
          : [{ name: "params", content: JSON.stringify(recipe.params) }]),
      ],
    };
  }

  /** The usual parts with the text of one field changed. */
  async partsWith(field: string, content: string): Promise<readonly Part[]> {
    const { image, fields } = await this.parts();
    return [...fields.filter(({ name }) => name !== field), { name: field, content }, image];
  }

  /** The usual parts with another picture part, or none. */
  async partsOf(image: Part | undefined, ...more: Part[]): Promise<readonly Part[]> {
    const { fields } = await this.parts();
    return [...fields, ...(image ? [image] : []), ...more];
  }

  /** One create; a server that is busy (429, 503) is asked again for as long as a run may take. */
  async create(parts: readonly Part[], extra: Extra = {}): Promise<Exchange> {
    const { contentType, body } = multipart(parts);
    const { headers, signal, atOnce: _, ...rest } = extra;
    const request: WireRequest = {
      method: "POST",
      path: CREATE_PATH,
      body,
      ...rest,
      headers: { "Content-Type": contentType, ...headers },
    };
    const once = () =>
      this.session.send(this.scenario, request, {
        meaning: { act: "create" },
        parts,
        spelled: rest.body !== undefined,
        ...(signal ? { signal } : {}),
      });
    return extra.atOnce ? once() : this.patiently(once);
  }

  /** Asks again for as long as two runs may take, while the server says that it is busy (429, 503). */
  async patiently(ask: () => Promise<Exchange>): Promise<Exchange> {
    const deadline = performance.now() + 2 * this.session.budgets.end;
    for (;;) {
      const exchange = await ask();
      if (!isBusy(exchange) || performance.now() > deadline) return exchange;
      await sleep(this.session.budgets.poll * 4);
    }
  }

  /** The run id of a create answer, if it was accepted. */
  acceptedId(exchange: Exchange): string | undefined {
    return acceptedIdOf(exchange);
  }

  /** A run of a situation; a refusal breaks CRE-01 and blocks what depends on it. */
  async start(
    name: SituationName = "succeeds",
    picture?: Buffer,
    ...more: readonly Part[]
  ): Promise<Started> {
    const { image, fields } = await this.parts(name);
    const exchange = await this.create([
      ...fields,
      ...more,
      picture ? { ...image, content: picture } : image,
    ]);
    // What is only tried, or is known to misbehave, promises nothing.
    if (!this.believed.has(name) && this.session.target.lanes !== 1)
      await this.hold(name, exchange);
    return this.mustBeAccepted(exchange);
  }

  /** Notes what a recipe that has worked promises of one more run. */
  private async hold(situation: SituationName, exchange: Exchange): Promise<void> {
    const id = this.acceptedId(exchange);
    if (id === undefined) {
      if (!isBusy(exchange))
        this.judge("CRE-01", exchange, "200 or 202, as it was answered before", false);
      return;
    }
    const known = this.session.roster.get(id);
    if (known === undefined || known.create !== exchange.number) return;
    const { recipe } = await this.situation(situation);
    const given = typeof this.session.target.situations?.[situation] === "object";
    known.promised = {
      situation,
      ...(recipe.model_id === undefined ? {} : { model_id: recipe.model_id }),
      ...(given && recipe.min_ms !== undefined ? { lastsMs: recipe.min_ms } : {}),
    };
  }

  mustBeAccepted(exchange: Exchange): Started {
    const id = this.acceptedId(exchange);
    if (id === undefined)
      throw new CannotGoOn(`A create that should work was answered: ${told(exchange)}`);
    return { id, exchange };
  }

  read(id: string, extra: Extra & { method?: string } = {}): Promise<Exchange> {
    const { signal, method = "GET", ...rest } = extra;
    return this.send(
      { method, path: `/workflow-runs/${id}`, ...rest },
      { meaning: { act: "read", runId: id, exact: true }, ...(signal ? { signal } : {}) },
    );
  }

  /** A read that has to show a run; anything else blocks what depends on it. */
  async look(id: string): Promise<Seen & { status: RunStatus | undefined }> {
    const exchange = await this.read(id);
    const body = runBodyOf(exchange);
    if (body === undefined)
      throw new CannotGoOn(`A read that should show a run was answered: ${told(exchange)}`);
    return { exchange, body, status: isRunStatus(body["status"]) ? body["status"] : undefined };
  }

  cancel(id: string, extra: Extra & { method?: string } = {}): Promise<Exchange> {
    const { signal, method = "POST", ...rest } = extra;
    return this.send(
      { method, path: `/workflow-runs/${id}/cancel`, ...rest },
      { meaning: { act: "cancel", runId: id, exact: true }, ...(signal ? { signal } : {}) },
    );
  }

  /**
   * Reads until a read satisfies the condition; undefined when the budget is over. Without a budget of the
   * caller's, the usual one counts anew from each end of another run while this one waits its turn: where
   * places are few, that is no delay.
   */
  async until(
    id: string,
    condition: (status: RunStatus, body: Record<string, unknown>, read: Exchange) => boolean,
    budgetMs?: number,
    pollMs = this.session.budgets.poll,
  ): Promise<Seen | undefined> {
    const began = performance.now();
    let since = began;
    for (;;) {
      const exchange = await this.read(id);
      const body = runBodyOf(exchange);
      if (body && isRunStatus(body["status"]) && condition(body["status"], body, exchange)) {
        if (body["status"] === "done") await firstMesh(this, { exchange, body });
        return { exchange, body };
      }
      if (budgetMs === undefined && body?.["status"] === "pending")
        since = Math.max(since, this.session.roster.lastEnd());
      if (performance.now() > since + (budgetMs ?? this.session.budgets.end)) return undefined;
      // Whoever has waited for long need not look so often: a twentieth of the time is close enough.
      await sleep(Math.max(pollMs, Math.min(500, (performance.now() - began) / 20)));
    }
  }

  /**
   * Waits until a run has begun its work, or has ended. `since` is a moment, in milliseconds, before
   * which it cannot have begun; `begun` is false when it was still pending at the end of the budget.
   * Of a server that never shows running, nothing can be waited for.
   */
  async begins(
    { id, exchange }: Started,
    budgetMs = this.session.budgets.end,
  ): Promise<{ readonly since: number; readonly begun: boolean; readonly seen?: Seen }> {
    let since = exchange.start;
    if (!this.session.showsRunning) return { since, begun: true };
    const deadline = performance.now() + budgetMs;
    for (;;) {
      const read = await this.read(id);
      const body = runBodyOf(read);
      if (body && isRunStatus(body["status"]) && body["status"] !== "pending")
        return { since, begun: true, seen: { exchange: read, body } };
      if (performance.now() > deadline) return { since, begun: false };
      since = read.start;
      await sleep(this.session.budgets.poll);
    }
  }

  /** The end of a run if it ends within the budget; LIF-05 learns of it either way. */
  async endOf(id: string): Promise<Seen | undefined> {
    const end = await this.until(id, isEnded);
    const budget = `the run ends within ${Math.round(this.session.budgets.end)} ms`;
    const last = this.session.recorder.exchanges.findLast(
      ({ meaning }) => meaning.act === "read" && meaning.runId === id,
    );
    this.expect(
      "LIF-05",
      end !== undefined,
      budget,
      last ? told(last) : "never read",
      ...(last ? [last] : []),
    );
    return end;
  }

  /** The end of a run; without one, what depends on it is blocked. */
  async ended(id: string): Promise<Seen> {
    const end = await this.endOf(id);
    if (end === undefined) throw new CannotGoOn(`Run ${id} did not end in time (see LIF-05).`);
    return end;
  }

  /** A run of a situation and its end; another end than the situation's own blocks what depends on it. */
  async finished(name: Finishing = "succeeds", picture?: Buffer): Promise<Started & Seen> {
    const { id } = await this.start(name, picture);
    const end = await this.ended(id);
    if (end.body["status"] === FINISHES[name]) return { id, ...end };
    throw new CannotGoOn(
      `A run of ${name} should have ended ${FINISHES[name]}: ${told(end.exchange)}`,
    );
  }

  /** Ends what a scenario leaves running; nothing is judged. */
  async release(...ids: readonly string[]): Promise<void> {
    // Where each scenario has the target to itself they may end by themselves: a cancel can do harm.
    if (this.session.target.lanes === 1) return;
    await Promise.all(ids.map((id) => this.cancel(id)));
  }
}
