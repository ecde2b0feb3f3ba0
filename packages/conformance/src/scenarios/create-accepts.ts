import { isJsonType, jsonOf } from "../wire/exchange.ts";
import type { Part } from "../wire/multipart.ts";
import { JPEG, WEBP } from "../wire/samples.ts";
import { isSuccess, statusOf, told } from "./answers.ts";
import type { Started } from "./bench.ts";
import type { Scenario } from "./scenario.ts";

import { accepted, acceptedOrRefused, tidy } from "./accepting.ts";

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

/** True of ids that are alike but for a number at their end, which goes up by small steps. */
export function countsUp(ids: readonly string[]): boolean {
  const split = ids.map((id) => /^(.*?)(\d*)$/.exec(id) ?? ["", "", ""]);
  const small = split.slice(1).filter(([, head, tail], at) => {
    const [, headBefore, tailBefore] = split[at] ?? [];
    const step = BigInt(tail || "0") - BigInt(tailBefore || "0");
    return head === headBefore && step > 0n && step < 1_000n;
  });
  return small.length > split.length / 2;
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
      const creates: Started[] = [];
      for (let count = 0; count < 20; count += 1) {
        const started = await t.start();
        creates.push(started);
        await t.release(started.id);
      }
      const ids = creates.map(({ id }) => id);
      const bits = varyingBits(ids);
      t.expect(
        "CRE-06",
        !countsUp(ids) && bits >= 64,
        "ids that vary in 64 bits and do not count up",
        `${ids.slice(0, 3).join(", ")}: about ${bits} bits`,
        ...creates.slice(0, 3).map(({ exchange }) => exchange),
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
];
