import { setTimeout as sleep } from "node:timers/promises";

import type { Recipe, SituationName, TargetConfig } from "../target/config.ts";
import { CHECKS } from "../requirements/index.ts";
import { Ledger } from "../verdict/ledger.ts";
import { type Exchange, type Meaning, type WireRequest } from "../wire/exchange.ts";
import { type Origin, send } from "../wire/http.ts";
import { type Part } from "../wire/multipart.ts";
import { sendRaw } from "../wire/raw.ts";
import { curlOf } from "./again.ts";
import { autoScale, type Budgets, budgetsOf, type Measured, type TimeScale } from "./budgets.ts";
import type { Listener } from "./events.ts";
import { Recorder } from "./recorder.ts";
import { Roster } from "./roster.ts";

/** Thrown inside a scenario that cannot go on; its remaining checks are blocked with this reason. */
export class CannotGoOn extends Error {
  readonly kind: "blocked" | "n/a";
  constructor(reason: string, kind: "blocked" | "n/a" = "blocked") {
    super(reason);
    this.kind = kind;
  }
}

/** A recipe that was tried and did what it promises, or why there is none. */
export type Situation =
  | {
      readonly ok: true;
      readonly recipe: Recipe;
      readonly picture: Buffer | undefined;
      readonly note: string;
      /** Of fingerprint: the output's address holds the SHA-256 of its picture. */
      readonly named?: boolean;
    }
  | { readonly ok: false; readonly kind: "blocked" | "n/a"; readonly reason: string };

/** Finds a situation of the target by trying it. */
export type Finder = (session: Session, name: SituationName) => Promise<Situation>;

type Options = {
  readonly meaning?: Meaning;
  readonly parts?: readonly Part[];
  /** The form is spelled otherwise than its parts say. */
  readonly spelled?: boolean;
  readonly answerOwed?: boolean;
  readonly signal?: AbortSignal;
};

type RawOptions = {
  readonly hangUp?: boolean;
  /** Of the request that the bytes are. */
  readonly path?: string;
  readonly meaning?: Meaning;
};
const OTHER: Meaning = { act: "other" };

/** What all scenarios of one run of the suite share: the target, the recording, the findings. */
export class Session {
  readonly target: TargetConfig;
  readonly origin: Origin;
  readonly strict: boolean;
  readonly timeScale: TimeScale;
  readonly recorder = new Recorder();
  readonly ledger: Ledger;
  readonly tell: Listener;
  readonly roster = new Roster();
  readonly situations = new Map<SituationName, Promise<Situation>>();
  readonly seed: number;
  /** When it began, in milliseconds since 1970: makes names that no other session uses. */
  readonly began = Date.now();
  measured: Measured | undefined;
  /** How long a run of runs_long is known to last at the least, in milliseconds. */
  longMs: number | undefined;
  /** How many runs were at work when one had to wait; unknown until a queue was filled. */
  places: number | undefined;
  /** How much of meshes was fetched only to look at them. */
  meshBytes = 0;
  /** False once runs were followed closely and went from pending to an end: that is legal. */
  showsRunning = true;
  /** Set when no plain run works, so that next to nothing can be judged. */
  unusable: string | undefined;
  /** Set once the target no longer answers; then nothing more is tried. */
  gone: string | undefined;
  private readonly finder: Finder;
  private pictures = 0;

  constructor(
    target: TargetConfig,
    origin: Origin,
    seed: number,
    finder: Finder,
    tell: Listener = () => {},
  ) {
    this.finder = finder;
    this.tell = tell;
    this.ledger = new Ledger((id, { expected = "", observed = "" }) => {
      const { level, title } = CHECKS[id];
      tell({ type: "finding", id, level, title, expected, observed });
    });
    this.target = target;
    this.origin = origin;
    this.seed = seed;
    this.strict = target.profile !== "modly";
    this.timeScale = target.time_scale ?? 1;
  }

  /** What fixed times are multiplied by. */
  get scale(): number {
    return this.timeScale === "auto" ? autoScale(this.measured) : this.timeScale;
  }

  get budgets(): Budgets {
    return budgetsOf(this.measured, this.timeScale);
  }

  /** A situation of this target, tried the first time that somebody needs it. */
  situation(name: SituationName): Promise<Situation> {
    const known = this.situations.get(name);
    if (known) return known;
    const found = this.finder(this, name).then((situation) => {
      const note = situation.ok ? situation.note : situation.reason;
      this.tell({ type: "calibrated", situation: name, ok: situation.ok, note });
      return situation;
    });
    this.situations.set(name, found);
    return found;
  }

  /** Numbers for pictures that no other create of this session uses. */
  nextPicture(): number {
    this.pictures += 1;
    return this.seed * 1000 + this.pictures;
  }

  async send(scenario: string, request: WireRequest, options: Options = {}): Promise<Exchange> {
    const { parts, spelled, signal, meaning = { act: "other" }, answerOwed = true } = options;
    if (this.gone !== undefined) throw new CannotGoOn(this.gone);
    const timeoutMs = request.timeoutMs ?? this.budgets.answer;
    const sent = await send(this.origin, request, this.target.headers ?? {}, timeoutMs, signal);
    const again = curlOf(this.target.base_url, request, parts, spelled);
    const exchange = this.recorder.record({
      scenario,
      meaning,
      request,
      ...(parts ? { parts } : {}),
      again,
      answerOwed,
      ...sent,
    });
    this.roster.note(exchange);
    const kind = exchange.failure?.kind;
    if (kind === "refused") await this.lookForLife();
    if (kind === "timeout" && answerOwed) await this.lookForLife(this.budgets.answer);
    return exchange;
  }

  async sendBytes(
    scenario: string,
    bytes: Buffer,
    again: string,
    { hangUp = false, path = "/workflow-runs/from-image", meaning = OTHER }: RawOptions = {},
  ): Promise<Exchange> {
    if (this.gone !== undefined) throw new CannotGoOn(this.gone);
    const sent = await sendRaw(this.origin, bytes, this.budgets.answer, hangUp);
    return this.recorder.record({
      scenario,
      meaning,
      request: { method: "POST", path, body: bytes },
      raw: true,
      again,
      answerOwed: false,
      ...sent,
    });
  }

  /**
   * After a refused connection or none in time: the target may be restarting for a moment, or it has
   * died, or it hangs. Waits for an answer to a plain read for so many milliseconds each of five times.
   */
  async lookForLife(waitMs = 5_000): Promise<void> {
    for (let attempt = 0; attempt < 5 && this.gone === undefined; attempt += 1) {
      const probe = { method: "GET", path: "/workflow-runs/conformance-probe" };
      const { failure } = await send(this.origin, probe, this.target.headers ?? {}, waitMs);
      if (failure === undefined) return;
      const hangs = failure.kind === "timeout";
      // Two whole budgets without an answer to a plain read: nobody would wait longer.
      if (attempt === 4 || (hangs && attempt === 1)) {
        const how = this.target.hooks?.restart?.command;
        const restart = how === undefined ? "Restart it" : `Restart it (${how})`;
        this.gone ??= hangs
          ? `The server hangs: it accepts connections and no longer answers a plain read. ${restart}; the checks after that could not be tried.`
          : `The server stopped answering during the checks (${failure.message}). Look at its log; the checks after that could not be tried.`;
      } else {
        await sleep(100);
      }
    }
  }
}
