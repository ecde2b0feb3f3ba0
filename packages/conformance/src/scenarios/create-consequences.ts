import { isEnded } from "@modly-runs/contract";

import { runBodyOf } from "../history/observations.ts";
import { CannotGoOn } from "../session/session.ts";
import type { Part } from "../wire/multipart.ts";
import { png } from "../wire/pictures.ts";
import { isRefusal, told } from "./answers.ts";
import type { Bench } from "./bench.ts";
import type { Scenario } from "./scenario.ts";

import { acceptedOrRefused, tidy } from "./accepting.ts";

/** A key that no other session uses. */
export function idempotencyKey(t: Bench, name: string): Record<string, string> {
  return { "Idempotency-Key": `conformance-${t.session.seed}-${t.session.began}-${name}` };
}

export const CREATE_CONSEQUENCES: readonly Scenario[] = [
  {
    name: "two equal creates",
    feeds: ["CRE-36"],
    async run(t) {
      const { image, fields } = await t.parts();
      const [one, two] = [await t.create([...fields, image]), await t.create([...fields, image])];
      const ids = [t.mustBeAccepted(one).id, t.mustBeAccepted(two).id];
      t.expect("CRE-36", ids[0] !== ids[1], "two run_ids", ids.join(" and "), one, two);
      await tidy(t, one, two);
    },
  },
  {
    name: "poisoned keys",
    feeds: ["CRE-25"],
    alone: true,
    async run(t) {
      const poison = await t.create(
        await t.partsWith(
          "params",
          '{"__proto__":{"status":"error","polluted":1},"constructor":{"prototype":{"polluted":1}}}',
        ),
      );
      t.judge("CRE-25", poison, "accepted, or 4xx", acceptedOrRefused(t, poison));
      const plain = await t.create(await t.partsOf((await t.parts()).image));
      const id = t.acceptedId(plain);
      const end = id === undefined ? undefined : await t.endOf(id);
      // Keys of a server's own may come and go from run to run.
      const clean = end !== undefined && !("polluted" in end.body);
      t.judge(
        "CRE-25",
        end?.exchange ?? plain,
        "the next plain run is done, with nothing of them in it",
        end?.body["status"] === "done" && clean,
      );
      await tidy(t, poison);
    },
  },
  {
    name: "refusals leave nothing behind",
    feeds: ["CRE-33"],
    alone: true,
    async run(t) {
      const empty: Part = { name: "image", filename: "a.png", type: "image/png", content: "" };
      for (let count = 0; count < 10; count += 1) {
        await Promise.all([
          t.create(await t.partsOf(undefined)),
          t.create([{ name: "model_id", content: "no/such-model" }, (await t.parts()).image]),
          t.create(await t.partsOf(empty)),
        ]);
      }
      const exchange = await t.create(await t.partsOf((await t.parts()).image));
      const id = t.acceptedId(exchange);
      const end = id === undefined ? undefined : await t.until(id, isEnded);
      t.expect(
        "CRE-33",
        end?.body["status"] === "done",
        "after thirty refusals a good create is accepted, and its run ends done",
        id !== undefined && end === undefined
          ? `run ${id} has not ended`
          : told(end?.exchange ?? exchange),
        end?.exchange ?? exchange,
      );
    },
  },
  {
    name: "the same idempotency key",
    feeds: ["CRE-34"],
    async run(t) {
      if (!t.session.target.capabilities?.includes("idempotency_key")) {
        t.session.ledger.obstruct("CRE-34", {
          kind: "n/a",
          reason: "capabilities does not claim idempotency_key.",
        });
        return;
      }
      const { image, fields } = await t.parts();
      const keyed = (name: string, ...parts: Part[]) =>
        t.create([...fields, ...parts], { headers: idempotencyKey(t, name) });
      const one = await keyed("twice", image);
      const two = await keyed("twice", image);
      const { id } = t.mustBeAccepted(one);
      const same = t.acceptedId(two) === id;
      t.expect("CRE-34", same, "the same run_id", `${told(one)}; ${told(two)}`, one, two);

      const other = await keyed("twice", { ...image, content: png(t.session.nextPicture()) });
      t.judge("CRE-34", other, "another create under the key: 4xx", isRefusal(other));

      const race = await Promise.all([1, 2, 3, 4].map(() => keyed("race", image)));
      const ids = new Set(race.flatMap((exchange) => t.acceptedId(exchange) ?? []));
      // Those that came while the first was under way may be told so.
      const answered = race.every((exchange) => t.acceptedId(exchange) ?? isRefusal(exchange));
      t.expect(
        "CRE-34",
        ids.size === 1 && answered,
        "four at once under one key: one run",
        race.map((one) => told(one)).join("; "),
        ...race,
      );
      await tidy(t, one, other, ...race);
    },
  },
  {
    name: "a long create",
    feeds: ["CRE-35", "LIF-09"],
    needs: ["runs_long"],
    async run(t) {
      const { recipe } = await t.situation("runs_long");
      const given = typeof t.session.target.situations?.runs_long === "object";
      const { id, exchange } = await t.start("runs_long");
      const read = await t.read(id);
      const status = String(runBodyOf(read)?.["status"]);
      const took = exchange.end - exchange.start;
      const soon = took < t.session.budgets.answer;
      const active = status === "pending" || status === "running";
      const lasts = recipe.min_ms ?? 0;
      // A plain run that has to do for a long one may be over before a slow answer arrives.
      const late = read.end - exchange.end >= lasts || (!given && took >= lasts);
      if (!active && soon && late) {
        await t.release(id);
        throw new CannotGoOn(
          `The read came ${Math.round(read.end - exchange.start)} ms after the create; the run lasts ${lasts} ms. Name a longer one in situations.runs_long.`,
          given ? "blocked" : "n/a",
        );
      }
      t.expect(
        "CRE-35",
        soon && active,
        "an answer in time, and the run is active after it",
        `${told(read)} after ${Math.round(took)} ms`,
        exchange,
        read,
      );
      t.judge("LIF-09", read, "pending or running is seen", active);
      await t.release(id);
    },
  },
];
