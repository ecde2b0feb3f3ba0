import { isEnded } from "@modly-runs/contract";

import { runBodyOf } from "../history/observations.ts";
import { type Exchange, isJsonType, jsonOf } from "../wire/exchange.ts";
import type { Part } from "../wire/multipart.ts";
import { JPEG, WEBP } from "../wire/samples.ts";
import { isRefusal, isSuccess, statusOf } from "./answers.ts";
import { type Bench, told } from "./bench.ts";
import type { Scenario } from "./scenario.ts";

const accepted = (t: Bench, exchange: Exchange) =>
  isSuccess(exchange) && t.acceptedId(exchange) !== undefined;
const acceptedOrRefused = (t: Bench, exchange: Exchange) =>
  accepted(t, exchange) || isRefusal(exchange);

/** Runs that a probe started by the way are not left to work. */
async function tidy(t: Bench, ...exchanges: Exchange[]): Promise<void> {
  await t.release(...exchanges.flatMap((exchange) => t.acceptedId(exchange) ?? []));
}

/** Bits in which ids vary at all: each position counts by how many letters were seen there. */
export function varyingBits(ids: readonly string[]): number {
  const longest = Math.max(...ids.map((id) => id.length));
  let bits = 0;
  for (let at = 0; at < longest; at += 1) {
    const letters = new Set(ids.map((id) => id[at] ?? ""));
    if (letters.size > 1) bits += letters.size > 4 ? 4 : 1;
  }
  return bits;
}

export const CREATE_ACCEPTS: readonly Scenario[] = [
  {
    name: "a plain create",
    feeds: ["CRE-01", "CRE-02", "CRE-03", "CRE-04", "CRE-05"],
    async run(t) {
      const { image, fields } = await t.parts();
      const exchange = await t.create([...fields, image]);
      const { response } = exchange;
      const answer = jsonOf(response) as Record<string, unknown> | undefined;
      const id = t.acceptedId(exchange);
      const whole =
        isSuccess(exchange) && id !== undefined && typeof answer?.["status"] === "string";
      t.judge("CRE-01", exchange, "200 or 202 with run_id and status", whole);
      t.judge(
        "CRE-02",
        exchange,
        "Content-Type application/json",
        response !== undefined && isJsonType(response),
      );
      if (id === undefined) return;
      const read = await t.read(id);
      t.judge("CRE-03", read, "200 at once", statusOf(read) === 200);
      t.judge(
        "CRE-04",
        exchange,
        "1-128 characters that need no escaping",
        /^[\w.~-]{1,128}$/.test(id),
      );
      t.judge("CRE-05", exchange, "status pending", answer?.["status"] === "pending");
    },
  },
  {
    name: "twenty ids",
    feeds: ["CRE-06"],
    async run(t) {
      const ids: string[] = [];
      for (let count = 0; count < 20; count += 1) {
        const { id } = await t.start();
        ids.push(id);
        await t.release(id);
      }
      const counted = ids.some(
        (id, at) =>
          /^\d+$/.test(id) ||
          (at > 0 &&
            id.replace(/\d+/g, "") === ids[at - 1]?.replace(/\d+/g, "") &&
            Math.abs(Number(/\d+$/.exec(id)?.[0]) - Number(/\d+$/.exec(ids[at - 1] ?? "")?.[0])) ===
              1),
      );
      const bits = varyingBits(ids);
      t.expect(
        "CRE-06",
        !counted && bits >= 64,
        "ids that vary in 64 bits and do not count up",
        `${ids.slice(0, 3).join(", ")}: about ${bits} bits`,
      );
    },
  },
  {
    name: "other picture formats",
    feeds: ["CRE-07", "CRE-08"],
    async run(t) {
      const jpeg = await t.create(
        await t.partsOf({ name: "image", filename: "a.jpg", type: "image/jpeg", content: JPEG }),
      );
      t.judge("CRE-07", jpeg, "accepted", accepted(t, jpeg));
      const webp = await t.create(
        await t.partsOf({ name: "image", filename: "a.webp", type: "image/webp", content: WEBP }),
      );
      t.judge("CRE-08", webp, "accepted, or 4xx", acceptedOrRefused(t, webp));
      await tidy(t, jpeg, webp);
    },
  },
  {
    name: "fields left out",
    feeds: ["CRE-09", "CRE-10"],
    async run(t) {
      const { image, fields } = await t.parts();
      const bare = await t.create([...fields.filter(({ name }) => name !== "params"), image]);
      t.judge("CRE-09", bare, "accepted", accepted(t, bare));
      const nameless = await t.create([image]);
      t.judge("CRE-10", nameless, "accepted, or 4xx", acceptedOrRefused(t, nameless));
      await tidy(t, bare, nameless);
    },
  },
  {
    name: "order of parts",
    feeds: ["CRE-11"],
    async run(t) {
      const { image, fields } = await t.parts();
      const wrong: Part[] = [{ name: "model_id", content: "no/such-model-of-the-suite" }];
      for (const parts of [
        [image, ...fields],
        [...fields, image],
      ]) {
        const exchange = await t.create(parts);
        const id = t.acceptedId(exchange);
        const end = id === undefined ? undefined : await t.endOf(id);
        t.judge(
          "CRE-11",
          end?.exchange ?? exchange,
          "accepted and done, whichever part comes first",
          end?.body["status"] === "done",
        );
      }
      const first = await t.create([image, ...wrong]);
      const last = await t.create([...wrong, image]);
      t.expect(
        "CRE-11",
        statusOf(first) === statusOf(last),
        "fields behind the picture are read as those before it",
        `picture first: ${told(first)}; last: ${told(last)}`,
        first,
        last,
      );
      await tidy(t, first, last);
    },
  },
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
    name: "unusual but legal creates",
    feeds: ["CRE-24", "CRE-26", "CRE-29", "CRE-30", "CRE-37", "CRE-38", "CRE-39"],
    async run(t) {
      const { recipe } = await t.situation("succeeds");
      const extra = await t.create(
        await t.partsWith(
          "params",
          JSON.stringify({ ...recipe.params, conformance_unknown_key: 1 }),
        ),
      );
      t.judge("CRE-24", extra, "accepted, or 4xx", acceptedOrRefused(t, extra));
      const deep = `{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}`;
      for (const params of [deep, JSON.stringify({ a: "x".repeat(1_000_000) })]) {
        const huge = await t.create(await t.partsWith("params", params));
        t.judge("CRE-26", huge, "accepted, or 4xx, in time", acceptedOrRefused(t, huge));
        await tidy(t, huge);
      }
      const image = (await t.parts()).image;
      const twice = await t.create(await t.partsOf(image, image));
      t.judge("CRE-29", twice, "4xx, or one run", acceptedOrRefused(t, twice));
      const file: Part = {
        name: "attachment",
        filename: "a.txt",
        type: "text/plain",
        content: "hello",
      };
      const unexpected = await t.create(await t.partsOf(image, file));
      t.judge("CRE-30", unexpected, "accepted, or 4xx", acceptedOrRefused(t, unexpected));
      const dispositions = [
        String.raw`form-data; name="image"; filename="a\"b'c.png"`,
        `form-data; name="image"; filename="a.png"; filename*=UTF-8''%e2%82%ac.png`,
        `form-data; name="image"; filename="\u{1F980}.png"`,
        `form-data; name="image"; filename="${"n".repeat(4096)}.png"`,
      ];
      for (const disposition of dispositions) {
        const strange = await t.create(await t.partsOf({ ...image, disposition }));
        t.judge("CRE-37", strange, "accepted, or 4xx", acceptedOrRefused(t, strange));
        await tidy(t, strange);
      }
      const chunked = await t.create(await t.partsOf(image), { chunked: true });
      t.judge("CRE-38", chunked, "accepted", accepted(t, chunked));
      const waited = await t.create(await t.partsOf(image), {
        headers: { Expect: "100-continue" },
        timeoutMs: Math.min(5_000, t.session.budgets.answer),
      });
      t.judge("CRE-39", waited, "100, then accepted", accepted(t, waited));
      await tidy(t, extra, twice, unexpected, chunked, waited);
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
