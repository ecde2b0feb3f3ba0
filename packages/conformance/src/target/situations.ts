import { isEnded } from "@modly-runs/contract";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

import { isBusy, isRefusal, told } from "../scenarios/answers.ts";
import { Bench } from "../scenarios/bench.ts";
import { FIRST_AUTO_RUN_MS, FIRST_RUN_MS } from "../session/budgets.ts";
import { CannotGoOn, type Finder, type Session, type Situation } from "../session/session.ts";
import { type Exchange, jsonOf } from "../wire/exchange.ts";
import { garbagePng, png, truncatedPng } from "../wire/pictures.ts";
import type { Recipe, SituationName } from "./config.ts";

const blocked = (reason: string): Situation => ({ ok: false, kind: "blocked", reason });
const absent = (reason: string): Situation => ({ ok: false, kind: "n/a", reason });
const works = (recipe: Recipe, picture: Buffer | undefined, note: string) => ({
  ok: true as const,
  recipe,
  picture,
  note,
});

const unblock = (name: SituationName) =>
  `Name one in the configuration: situations.${name}: {model_id: ..., params: ...}; or situations.${name}: none if there is no such thing.`;

async function pictureOf(recipe: Recipe): Promise<Buffer | undefined> {
  return recipe.image === undefined ? undefined : await readFile(recipe.image);
}

/** The first model that the target lists, if it lists any. */
async function listedModel(bench: Bench): Promise<string | undefined> {
  const models = jsonOf((await bench.send({ method: "GET", path: "/model/all" })).response);
  if (!Array.isArray(models)) return undefined;
  const usable = models.filter((model: { downloaded?: unknown }) => model.downloaded !== false);
  const [first] = (usable.length > 0 ? usable : models) as { id?: unknown }[];
  return typeof first?.id === "string" ? first.id : undefined;
}

/** Two runs that end done: the first may load a model, the second is measured. One may fail for nothing. */
async function succeeds(
  session: Session,
  bench: Bench,
  given: Recipe | undefined,
): Promise<Situation> {
  const model = given ? undefined : await listedModel(bench);
  const recipe: Recipe = given ?? (model === undefined ? {} : { model_id: model });
  const picture = await pictureOf(recipe);
  bench.believe("succeeds", recipe, picture);
  let first: number | undefined;
  const budget =
    session.timeScale === "auto" ? FIRST_AUTO_RUN_MS : FIRST_RUN_MS * session.timeScale;
  const failed: Exchange[] = [];
  for (let done = 0; done < 2;) {
    const exchange = await bench.create([
      ...(await bench.parts()).fields,
      (await bench.parts()).image,
    ]);
    const id = bench.acceptedId(exchange);
    if (id === undefined) {
      const answered = `A plain create was answered: ${told(exchange)}.`;
      if (recipe.model_id === undefined && isRefusal(exchange)) {
        session.unusable = `${answered} The suite knows no model to ask for: GET /model/all lists none. Say with which model it works: --model, or situations.succeeds in the configuration.`;
        return blocked(session.unusable);
      }
      // A create that never works is no matter of the configuration: nothing else can be judged.
      bench.judge("CRE-01", exchange, "200 or 202 with run_id and status", false);
      return blocked(
        `${answered} Nothing that needs a run could be tried. If another model works: --model, or situations.succeeds in the configuration.`,
      );
    }
    session.measured ??= { rtt: exchange.end - exchange.start, run: 60 };
    const shown = new Map<string, number>();
    let quickest = exchange.end - exchange.start;
    const end = await bench.until(
      id,
      (status, _body, read) => {
        shown.set(status, (shown.get(status) ?? 0) + 1);
        quickest = Math.min(quickest, read.end - read.start);
        return isEnded(status);
      },
      budget,
    );
    // Followed closely it went from pending to its end: such a server is right, and can't be waited for.
    session.showsRunning = shown.has("running") || (shown.get("pending") ?? 0) < 4;
    if (end === undefined) {
      bench.expect("LIF-05", false, `a first run ends within ${budget} ms`, "it did not", exchange);
      return blocked(
        `A plain run did not end within ${budget / 1000} s. Say --time-scale auto, or name a faster model in situations.succeeds.`,
      );
    }
    if (end.body["status"] === "cancelled")
      return blocked("A plain run ended cancelled, and nobody had cancelled it.");
    if (end.body["status"] !== "done") {
      failed.push(end.exchange);
      if (failed.length < 2) continue;
      const reason = `A plain run ended ${String(end.body["status"])}: ${String(end.body["error"])}. Name a model, params or a picture that works in situations.succeeds.`;
      // Where one was done, those that were not are wrong; where none was, the model may be no use.
      if (done === 0) session.unusable = reason;
      else bench.judge("LIF-17", end.exchange, "done, as plain runs end", false);
      return blocked(reason);
    }
    done += 1;
    for (const other of failed.splice(0))
      bench.judge("LIF-17", other, "done, as plain runs end", false);
    const run = end.exchange.end - exchange.start;
    session.measured = { rtt: quickest, run: Math.min(run, first ?? run) };
    first = run;
  }
  return works(recipe, picture, `done after ${Math.round(session.measured?.run ?? 0)} ms`);
}

/** Has to be seen active for as long as the recipe promises; without one, the plain run may do. */
async function runsLong(
  session: Session,
  bench: Bench,
  given: Recipe | undefined,
): Promise<Situation> {
  const base = await session.situation("succeeds");
  if (!given && !base.ok) return base;
  // What a busy moment has measured too long is tried again with less.
  let found = await lasts(session, bench, given, 0.6);
  for (const share of given ? [] : [0.45, 0.3, 0.2])
    if (!found.ok) found = await lasts(session, bench, given, share);
  return found;
}

async function lasts(
  session: Session,
  bench: Bench,
  given: Recipe | undefined,
  share: number,
): Promise<Situation> {
  const base = await session.situation("succeeds");
  const measured = session.measured?.run ?? 0;
  const large = png(session.nextPicture(), 768);
  const recipe: Recipe = given ?? {
    ...(base.ok ? base.recipe : {}),
    min_ms: Math.floor(measured * share),
  };
  const picture = given ? await pictureOf(given) : ((base.ok ? base.picture : undefined) ?? large);
  const promised = recipe.min_ms ?? 1_000;
  if (!given && promised < 30) {
    return blocked(
      `A plain run takes only ${Math.round(measured)} ms, too short to be cancelled for certain. ${unblock("runs_long")}`,
    );
  }
  bench.believe("runs_long", recipe, picture);
  const started = await bench.start("runs_long");
  // A model may have to be loaded first: what is promised counts from the beginning of the work.
  const { since, begun, seen } = await bench.begins(started, 2 * session.budgets.end);
  if (!begun) {
    await bench.release(started.id);
    return blocked(`runs_long was still pending after ${Math.round(2 * session.budgets.end)} ms.`);
  }
  const until = (seen?.exchange.start ?? since) + promised;
  const last = await bench.until(
    started.id,
    // What an answer shows may be as old as its request.
    (status, _body, read) => isEnded(status) || read.start >= until,
  );
  const status = last === undefined ? "not readable" : String(last.body["status"]);
  await bench.release(started.id);
  // A create that answered only after that time is judged by CRE-35: the run did last.
  const late = started.exchange.end - started.exchange.start >= promised;
  if (!late && (last === undefined || status === "done" || status === "error")) {
    return blocked(
      `runs_long was ${status} before its min_ms of ${promised} ms. ${unblock("runs_long")}`,
    );
  }
  session.longMs = promised;
  return works({ ...recipe, min_ms: promised }, picture, `active for at least ${promised} ms`);
}

/** Starts runs until one is pending while another is running. */
async function queued(
  session: Session,
  bench: Bench,
  given: Recipe | undefined,
): Promise<Situation> {
  const long = await session.situation("runs_long");
  const recipe = given ?? (long.ok ? long.recipe : undefined);
  if (!recipe) return absent(`Without a long run no queue can be filled. ${unblock("queued")}`);
  if (!session.showsRunning)
    return absent("Reads never show running, so which runs wait can't be told.");
  const picture = given ? await pictureOf(given) : long.ok ? long.picture : undefined;
  bench.believe("queued", recipe, picture);
  const queue = await fillQueue(bench, recipe);
  await bench.release(...queue.running, ...(queue.waiting === undefined ? [] : [queue.waiting]));
  if (queue.waiting !== undefined) {
    session.places = queue.running.length;
    return works(recipe, picture, `a run waits behind ${queue.running.length}`);
  }
  if (queue.full)
    return absent(
      `After ${queue.running.length} runs the server was busy (429 or 503): none has to wait. ${unblock("queued")}`,
    );
  const seen = `Of ${queue.running.length} runs started at once none was seen waiting as pending.`;
  return given
    ? blocked(`${seen} Raise situations.queued.burst, or say situations.queued: none.`)
    : absent(seen);
}

/** What a queue was filled with. */
type Queue = {
  readonly running: readonly string[];
  readonly waiting: string | undefined;
  /** The server refused one more as busy. */
  readonly full: boolean;
};

/** How often a queue that ran empty meanwhile is filled again. */
const FILLS = 3;

/** Starts runs of the situation `queued` until one of them waits; the caller releases them. */
export async function fillQueue(bench: Bench, recipe: Recipe): Promise<Queue> {
  for (let fill = 1; ; fill += 1) {
    const queue = await fillOnce(bench, recipe);
    const [first] = queue.running;
    if (queue.waiting !== undefined || queue.full || fill === FILLS || first === undefined)
      return queue;
    // On a slow connection the first may have ended before the last was asked for.
    const { status } = await bench.look(first);
    if (status !== undefined && !isEnded(status)) return queue;
    await bench.release(...queue.running);
  }
}

async function fillOnce(bench: Bench, recipe: Recipe): Promise<Queue> {
  const running: string[] = [];
  const { rtt = 0 } = bench.session.measured ?? {};
  // Long enough for a free place to be taken, short against the runs that hold the others.
  const lasts = recipe.min_ms ?? bench.session.longMs ?? 1_500;
  const patience = Math.min(Math.max(120, 4 * rtt), lasts / 3);
  for (let count = 0; count < (recipe.burst ?? 12); count += 1) {
    const { image, fields } = await bench.parts("queued");
    const exchange = await bench.create([...fields, image], { atOnce: count > 0 });
    if (isBusy(exchange)) return { running, waiting: undefined, full: true };
    const started = bench.mustBeAccepted(exchange);
    // The first one has nothing to wait for; it may have a model to load.
    const { begun } = await bench.begins(started, count === 0 ? undefined : patience);
    if (!begun) return { running, waiting: started.id, full: false };
    running.push(started.id);
  }
  return { running, waiting: undefined, full: false };
}

/** A run that ends in error; without a recipe, a picture that only the model finds broken. */
async function fails(
  session: Session,
  bench: Bench,
  given: Recipe | undefined,
): Promise<Situation> {
  const base = await session.situation("succeeds");
  if (!given && !base.ok) return base;
  const recipe = given ?? (base.ok ? base.recipe : {});
  const pictures = given ? [await pictureOf(given)] : [truncatedPng(), garbagePng()];
  for (const picture of pictures) {
    bench.believe("fails", recipe, picture);
    const { image, fields } = await bench.parts("fails");
    const exchange = await bench.create([...fields, image]);
    const id = bench.acceptedId(exchange);
    if (id === undefined) {
      if (given) return blocked(`situations.fails was refused: ${told(exchange)}`);
      continue;
    }
    const end = await bench.until(id, isEnded);
    if (end?.body["status"] === "error") return works(recipe, picture, "ended in error");
    if (given)
      return blocked(
        end
          ? `situations.fails ended ${String(end.body["status"])}, not error.`
          : `A run of situations.fails did not end within ${Math.round(session.budgets.end / 1_000)} s; it should end in error.`,
      );
  }
  return absent(
    `Broken pictures are refused at once and no other way to make a run fail was found. ${unblock("fails")}`,
  );
}

/** SHA-256 in lower-case hex. */
export const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

/** What an output says about the picture it was made from; one that can't be fetched says nothing. */
export async function fingerprintOf(bench: Bench, outputUrl: string): Promise<string> {
  const mesh = await bench.send({ method: "GET", path: outputUrl });
  if (mesh.response?.status === 200) return sha256(mesh.response.body);
  throw new CannotGoOn(
    `The mesh at ${outputUrl} was not fetched, so which picture it is of can't be told (see OUT-01): ${told(mesh)}`,
  );
}

/** The output has to name its picture, or to differ with it and only with it. */
async function fingerprint(
  session: Session,
  bench: Bench,
  given: Recipe | undefined,
): Promise<Situation> {
  const base = await session.situation("succeeds");
  if (!given && !base.ok) return base;
  const recipe = given ?? (base.ok ? base.recipe : {});
  bench.believe("fingerprint", recipe);
  const [one, two] = [png(session.nextPicture()), png(session.nextPicture())];
  const outputs: string[] = [];
  for (const picture of [one, one, two]) {
    const { body, exchange } = await bench.finished("fingerprint", picture);
    const url = String(body["output_url"]);
    const own = sha256(picture);
    if (url.includes(own))
      return { ...works(recipe, undefined, "named by the picture's SHA-256"), named: true };
    if (session.roster.all().some((run) => run.picture && url.includes(run.picture))) {
      bench.expect("OUT-10", false, "an output named by its own picture", url, exchange);
      return blocked("An output has the name of another run's picture.");
    }
    outputs.push(await fingerprintOf(bench, url));
  }
  if (outputs[0] === outputs[1] && outputs[0] !== outputs[2]) {
    return works(recipe, undefined, "differs with the picture");
  }
  const reason = "The output does not depend on the picture alone.";
  return given ? blocked(reason) : absent(`${reason} ${unblock("fingerprint")}`);
}

const TRIALS = {
  succeeds,
  runs_long: runsLong,
  queued,
  fails,
  fingerprint,
} as const satisfies Record<
  SituationName,
  (session: Session, bench: Bench, given: Recipe | undefined) => Promise<Situation>
>;

/** Tries a situation as the target's configuration, or the lack of it, says. */
export const findSituation: Finder = async (session, name) => {
  const given = session.target.situations?.[name];
  if (given === "none") return absent(`The configuration says situations.${name}: none.`);
  try {
    return await TRIALS[name](session, new Bench(session, `try ${name}`), given);
  } catch (error) {
    // Of a target that is gone nothing is found out, and nothing is kept.
    if (!(error instanceof CannotGoOn) || session.gone !== undefined) throw error;
    return { ok: false, kind: error.kind, reason: error.message };
  }
};
