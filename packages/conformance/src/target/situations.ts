import { isEnded } from "@modly-runs/contract";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

import { Bench, told } from "../scenarios/bench.ts";
import { FIRST_AUTO_RUN_MS, FIRST_RUN_MS } from "../session/budgets.ts";
import type { Finder, Session, Situation } from "../session/session.ts";
import { jsonOf } from "../wire/exchange.ts";
import { garbagePng, png, truncatedPng } from "../wire/pictures.ts";
import type { Recipe, SituationName } from "./config.ts";

const blocked = (reason: string): Situation => ({ ok: false, kind: "blocked", reason });
const absent = (reason: string): Situation => ({ ok: false, kind: "n/a", reason });
const works = (recipe: Recipe, picture: Buffer | undefined, note: string): Situation => ({
  ok: true,
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

/** Two runs: the first may load a model, the second is measured. */
async function succeeds(
  session: Session,
  bench: Bench,
  given: Recipe | undefined,
): Promise<Situation> {
  const model = given ? undefined : await listedModel(bench);
  const recipe: Recipe = given ?? (model === undefined ? {} : { model_id: model });
  const picture = await pictureOf(recipe);
  bench.believe("succeeds", recipe, picture);
  const budget =
    session.timeScale === "auto" ? FIRST_AUTO_RUN_MS : FIRST_RUN_MS * session.timeScale;
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const exchange = await bench.create([
      ...(await bench.parts()).fields,
      (await bench.parts()).image,
    ]);
    const id = bench.acceptedId(exchange);
    if (id === undefined) {
      return blocked(
        `A plain create was answered: ${told(exchange)}. Say with which model it works: --model, or situations.succeeds in the configuration.`,
      );
    }
    session.measured ??= { rtt: exchange.end - exchange.start, run: 60 };
    const end = await bench.until(id, isEnded, budget);
    if (end === undefined) {
      bench.expect("LIF-05", false, `a first run ends within ${budget} ms`, "it did not", exchange);
      return blocked(
        `A plain run did not end within ${budget / 1000} s. Say --time-scale auto, or name a faster model in situations.succeeds.`,
      );
    }
    if (end.body["status"] !== "done") {
      return blocked(
        `A plain run ended ${String(end.body["status"])}: ${String(end.body["error"])}. Name a model, params or a picture that works in situations.succeeds.`,
      );
    }
    session.measured = {
      rtt: end.exchange.end - end.exchange.start,
      run: end.exchange.end - exchange.start,
    };
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
  const measured = session.measured?.run ?? 0;
  const large = png(session.nextPicture(), 768);
  const recipe: Recipe = given ?? {
    ...(base.ok ? base.recipe : {}),
    min_ms: Math.floor(measured * 0.6),
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
  const until = started.exchange.start + promised;
  const ended = await bench.until(
    started.id,
    (status) => isEnded(status) || performance.now() >= until,
  );
  const status = ended === undefined ? "not readable" : String(ended.body["status"]);
  await bench.release(started.id);
  // A create that answered only after that time is judged by CRE-35: the run did last.
  const late = started.exchange.end >= until;
  if (!late && (ended === undefined || status === "done" || status === "error")) {
    return blocked(
      `runs_long was ${status} before its min_ms of ${promised} ms. ${unblock("runs_long")}`,
    );
  }
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
  const picture = given ? await pictureOf(given) : long.ok ? long.picture : undefined;
  bench.believe("queued", recipe, picture);
  const queue = await fillQueue(bench, recipe);
  await bench.release(...queue.running, ...(queue.waiting === undefined ? [] : [queue.waiting]));
  if (queue.waiting !== undefined) {
    return works(recipe, picture, `a run waits behind ${queue.running.length}`);
  }
  const seen = `Of ${queue.running.length} runs started at once none was seen waiting as pending.`;
  return given
    ? blocked(`${seen} Raise situations.queued.burst, or say situations.queued: none.`)
    : absent(seen);
}

/** Starts runs of the situation `queued` until one of them waits; the caller releases them. */
export async function fillQueue(
  bench: Bench,
  recipe: Recipe,
): Promise<{ running: string[]; waiting: string | undefined }> {
  const running: string[] = [];
  for (let count = 0; count < (recipe.burst ?? 12); count += 1) {
    const { id } = await bench.start("queued");
    const began = await bench.until(
      id,
      (status) => status !== "pending",
      Math.max(120, 15 * (bench.session.measured?.rtt ?? 0)),
    );
    if (began === undefined) return { running, waiting: id };
    running.push(id);
  }
  return { running, waiting: undefined };
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

/** What an output says about the picture it was made from. */
export async function fingerprintOf(bench: Bench, outputUrl: string): Promise<string> {
  return sha256(
    (await bench.send({ method: "GET", path: outputUrl })).response?.body ?? Buffer.alloc(0),
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
    const { body } = await bench.finished("fingerprint", picture);
    const url = String(body["output_url"]);
    if (url.includes(sha256(picture)))
      return works(recipe, undefined, "named by the picture's SHA-256");
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
export const findSituation: Finder = (session, name) => {
  const given = session.target.situations?.[name];
  return given === "none"
    ? Promise.resolve(absent(`The configuration says situations.${name}: none.`))
    : TRIALS[name](session, new Bench(session, `try ${name}`), given);
};
