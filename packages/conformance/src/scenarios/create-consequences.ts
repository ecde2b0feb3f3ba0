import { isEnded } from "@modly-runs/contract";

import { runBodyOf } from "../history/observations.ts";
import type { Part } from "../wire/multipart.ts";
import { told } from "./bench.ts";
import type { Scenario } from "./scenario.ts";

import { acceptedOrRefused, tidy } from "./accepting.ts";

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
      const before = t.acceptedId(await t.create(await t.partsOf((await t.parts()).image)));
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
      const old = before === undefined ? undefined : await t.endOf(before);
      const keys = (seen: typeof end) =>
        Object.keys(seen?.body ?? {})
          .toSorted()
          .join();
      t.judge(
        "CRE-25",
        end?.exchange ?? plain,
        "the next plain run is done, with the same keys",
        end?.body["status"] === "done" && keys(end) === keys(old),
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
      t.judge(
        "CRE-33",
        end?.exchange ?? exchange,
        "a good create ends done",
        end?.body["status"] === "done",
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
      const headers = { "Idempotency-Key": `conformance-${t.session.seed}-${performance.now()}` };
      const one = await t.create([...fields, image], { headers });
      const two = await t.create([...fields, image], { headers });
      t.expect(
        "CRE-34",
        t.acceptedId(one) === t.mustBeAccepted(two).id,
        "the same run_id",
        `${told(one)}; ${told(two)}`,
        one,
        two,
      );
      await tidy(t, one);
    },
  },
  {
    name: "a long create",
    feeds: ["CRE-35", "LIF-09"],
    needs: ["runs_long"],
    async run(t) {
      const { id, exchange } = await t.start("runs_long");
      const read = await t.read(id);
      const status = String(runBodyOf(read)?.["status"]);
      const soon = exchange.end - exchange.start < t.session.budgets.answer;
      const active = status === "pending" || status === "running";
      t.expect(
        "CRE-35",
        soon && active,
        "an answer in time, and the run is active after it",
        `${told(read)} after ${Math.round(exchange.end - exchange.start)} ms`,
        exchange,
        read,
      );
      t.judge("LIF-09", read, "pending or running is seen", active);
      await t.release(id);
    },
  },
];
