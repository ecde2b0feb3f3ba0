import { isEnded, type RunStatus } from "@modly-runs/contract";
import { randomUUID } from "node:crypto";

import type { Pace } from "../session/estimate.ts";
import type { SituationName } from "../target/config.ts";
import type { Exchange } from "../wire/exchange.ts";
import { png, PNG_KINDS, pngOf } from "../wire/pictures.ts";
import { JPEG, JPEG_OTHER, WEBP, WEBP_OTHER } from "../wire/samples.ts";
import { isRefusal, problemFault, statusOf } from "./answers.ts";
import type { Bench } from "./bench.ts";
import { PREDICATE_IDS } from "./predicates.ts";
import type { Scenario } from "./scenario.ts";

/** So many of each kind: whatever hits one run in ten hits one of these. */
const TIMES = 11;
/** So many long runs go on beside others. */
const COMPANY = 3;
/** A run is cancelled in its last steps from here on. */
const LATE_PROGRESS = 90;

const works = async (t: Bench, name: SituationName) => (await t.session.situation(name)).ok;

/** Plain runs in collections of their own, each read to its end and cancelled after it. */
async function plainRuns(t: Bench): Promise<void> {
  const name = (await works(t, "fingerprint")) ? "fingerprint" : "succeeds";
  for (let count = 0; count < TIMES; count += 1) {
    const collection = { name: "collection", content: `Conformance.round-${count % 3}` };
    const { id } = await t.start(name, undefined, ...(count % 2 === 0 ? [collection] : []));
    if ((await t.endOf(id)) === undefined) return;
    await t.read(id);
    if (count % 2 === 0) await t.cancel(id);
    await t.read(id);
  }
}

async function failingRuns(t: Bench): Promise<void> {
  if (!(await works(t, "fails"))) return;
  for (let count = 0; count < TIMES; count += 1) {
    const { id } = await t.start("fails");
    if ((await t.endOf(id)) === undefined) return;
    if (count % 2 === 0) await t.cancel(id);
    await t.read(id);
  }
}

/** Long runs beside each other, cancelled at moments spread over the time that they are known to last. */
async function cancelledRuns(t: Bench): Promise<void> {
  const long = await t.session.situation("runs_long");
  if (!long.ok) return;
  const lasts = long.recipe.min_ms ?? 1_000;
  await Promise.all(
    Array.from({ length: TIMES }, async (_, at) => {
      const started = await t.start("runs_long");
      const { since } = await t.begins(started);
      const until = since + (lasts * 0.9 * at) / TIMES;
      const due = (status: RunStatus, _body: unknown, read: Exchange) =>
        isEnded(status) || read.start >= until;
      await t.until(started.id, due, undefined, lasts / 40);
      await t.cancel(started.id);
      await t.until(started.id, isEnded, t.session.budgets.cancel);
    }),
  );
}

/** One place after the other is taken and given back by a cancel. */
async function placesGivenBack(t: Bench): Promise<void> {
  if (!(await works(t, "queued"))) return;
  for (let count = 0; count < TIMES; count += 1) {
    const started = await t.start("queued");
    const { begun } = await t.begins(started, t.session.budgets.cancel);
    t.expect("CAN-17", begun, "a new run begins after a cancel", "it stayed pending");
    await t.cancel(started.id);
    await t.until(started.id, isEnded, t.session.budgets.cancel);
    if (!begun) return;
  }
}

/** Long runs followed closely: one to its own end, the others cancelled in their last steps. */
async function lastSteps(t: Bench): Promise<void> {
  const long = await t.session.situation("runs_long");
  if (!long.ok) return;
  const poll = (long.recipe.min_ms ?? 1_000) / 60;
  await Promise.all(
    [false, true, true, true].map(async (cancels) => {
      const { id } = await t.start("runs_long");
      const late = (body: Record<string, unknown>) => Number(body["progress"]) >= LATE_PROGRESS;
      const due = (status: RunStatus, body: Record<string, unknown>) =>
        isEnded(status) || (cancels && late(body));
      await t.until(id, due, undefined, poll);
      if (!cancels) return;
      // It is to have a neighbour, whom its cancel leaves alone.
      const { id: beside } = await t.start();
      await t.cancel(id);
      await t.until(id, isEnded, t.session.budgets.cancel);
      await t.endOf(beside);
    }),
  );
}

/** What has to be refused is refused at any time. */
async function refusals(t: Bench): Promise<void> {
  const refused = await t.create(await t.partsWith("params", "[]"));
  t.judge("CRE-23", refused, "params []: 4xx", isRefusal(refused));
  const bare = await t.create(await t.partsOf(undefined));
  t.judge("CRE-12", bare, "no picture: 4xx", isRefusal(bare));
  const model = await t.create(await t.partsWith("model_id", "no/such-model-of-the-suite"));
  t.judge("CRE-20", model, "an unknown model: 4xx", isRefusal(model));
  await t.release(...[refused, bare, model].flatMap((one) => t.acceptedId(one) ?? []));
  for (const ask of [t.read(randomUUID()), t.cancel(randomUUID())]) {
    const unknown = await ask;
    const check = unknown.meaning.act === "read" ? "GET-17" : "CAN-09";
    const found = statusOf(unknown) === 404;
    t.judgeBody(check, unknown, "404, JSON with detail", found, problemFault(unknown));
  }
}

const AS_JPEG = { filename: "picture.jpg", type: "image/jpeg" };
const AS_WEBP = { filename: "picture.webp", type: "image/webp" };
const OTHER_FORMATS = [
  [AS_JPEG, JPEG],
  [AS_WEBP, WEBP],
  [AS_JPEG, JPEG_OTHER],
  [AS_WEBP, WEBP_OTHER],
] as const;

/** Every kind of picture where the mesh tells which one it was made from. */
async function pictures(t: Bench): Promise<void> {
  const name = (await works(t, "fingerprint")) ? "fingerprint" : "succeeds";
  const seed = t.session.nextPicture();
  const kinds = [...Object.values(PNG_KINDS).map((kind) => pngOf(kind, seed)), png(seed, 512)];
  for (const content of kinds) {
    const { id } = await t.start(name, content);
    await t.endOf(id);
    await t.read(id);
  }
  for (const [type, content] of OTHER_FORMATS) {
    const { image, fields } = await t.parts(name);
    const id = t.acceptedId(await t.create([...fields, { ...image, ...type, content }]));
    // A format that is not taken is refused, or its run ends in error: either is right.
    if (id === undefined) continue;
    await t.endOf(id);
    await t.read(id);
  }
}

/** Does something while so many long runs are at work all the time. */
async function inCompany(t: Bench, others: number, action: () => Promise<void>): Promise<void> {
  const over = new AbortController();
  const company = Array.from({ length: others }, async () => {
    while (!over.signal.aborted) {
      const { id } = await t.start("runs_long");
      const due = (status: RunStatus) => over.signal.aborted || isEnded(status);
      await t.until(id, due, undefined, 100);
      if (over.signal.aborted) await t.cancel(id);
    }
  });
  try {
    await action();
  } finally {
    over.abort();
    await Promise.allSettled(company);
  }
}

async function round(t: Bench): Promise<void> {
  await refusals(t);
  await plainRuns(t);
  await failingRuns(t);
}

/** Counted from what follows. */
function lasts({ run, long, places }: Pace): number {
  const turns = (runs: number) => Math.max(1, runs / places);
  const oneByOne = (4 * TIMES + Object.keys(PNG_KINDS).length + OTHER_FORMATS.length) * run;
  // Cancelled half-way on average; then four to their end, and the runs beside them.
  const longRuns = 2 * (turns(TIMES / 2) + 2 * turns(4)) * long;
  // Where places are few, each run in company waits until those before it have ended.
  const waits = places > COMPANY ? 0 : (2 * TIMES * COMPANY * long) / places;
  return oneByOne + longRuns + waits;
}

/** What is played more than once by a thorough run: alone, and in the company of others. */
export const ROUNDS: readonly Scenario[] = [
  {
    name: "rounds",
    feeds: [],
    shows: [...PREDICATE_IDS, "CAN-17", "CRE-12", "CRE-20", "CRE-23", "GET-17", "CAN-09", "LIF-05"],
    needs: ["succeeds"],
    alone: true,
    thorough: true,
    lasts,
    async run(t) {
      await round(t);
      // In company a place may be taken by the company.
      await placesGivenBack(t);
      await pictures(t);
      await cancelledRuns(t);
      await lastSteps(t);
      if (!(await works(t, "runs_long"))) return;
      await inCompany(t, COMPANY, async () => {
        await round(t);
        await cancelledRuns(t);
        await lastSteps(t);
      });
    },
  },
];
