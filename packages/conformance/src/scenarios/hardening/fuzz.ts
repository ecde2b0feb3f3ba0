import * as fc from "fast-check";

import { png } from "../../wire/pictures.ts";
import { isRefusal, statusOf, told } from "../answers.ts";
import type { Bench } from "../bench.ts";
import type { Scenario } from "../scenario.ts";
import { aliveAfter, CREATE_PATH, createOnce } from "./asking.ts";

const FORMS = 60;
const VALUES = 60;

const word = fc.constantFrom("image", "model_id", "params", "collection", "x", "", "__proto__");
const eol = fc.constantFrom("\r\n", "\r\n", "\r\n", "\n", "\r", "");
const quoted = fc
  .tuple(word, fc.constantFrom('"', '"', "", "'"))
  .map(([name, q]) => `name=${q}${name}${q}`);
const filename = fc.constantFrom(
  "",
  '; filename="a.png"',
  '; filename="a.png',
  "; filename=",
  "; filename*=UTF-8''%ff%00.png",
  `; filename="${"n".repeat(5_000)}"`,
);
const content = fc.oneof(
  fc.constant(png(5, 16).toString("latin1")),
  fc.constantFrom("", "{}", "--grammar", "\r\n--grammar--", "\0", "x".repeat(70_000)),
  // A text of all code points would cost a second of every start: its table is built on import.
  fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
);
const part = fc
  .record({
    delimiter: fc.constantFrom(
      "--grammar",
      "--grammar",
      "--grammar",
      "--grammar ",
      "--Grammar",
      "-grammar",
    ),
    after: eol,
    disposition: fc.constantFrom("form-data", "form-data", "FORM-DATA", "attachment", ""),
    quoted,
    filename,
    more: fc.constantFrom(
      "",
      "Content-Type: image/png\r\n",
      "Content-Type: multipart/mixed; boundary=grammar\r\n",
      "Content-Transfer-Encoding: base64\r\n",
      ": no name\r\n",
      "X".repeat(20_000) + ": y\r\n",
    ),
    blank: fc.constantFrom("\r\n", "\r\n", "\r\n", "\n", ""),
    content,
    end: eol,
  })
  .map(
    (p) =>
      `${p.delimiter}${p.after}Content-Disposition: ${p.disposition}; ${p.quoted}${p.filename}\r\n${p.more}${p.blank}${p.content}${p.end}`,
  );

/** Bodies that follow the grammar of multipart in most places. */
const FORM = fc.record({
  type: fc.constantFrom(
    "multipart/form-data; boundary=grammar",
    "multipart/form-data; boundary=grammar",
    'multipart/form-data; boundary="grammar"',
    "multipart/form-data; boundary=grammar; boundary=other",
    "multipart/form-data; boundary=",
    'multipart/form-data; boundary="',
    "multipart/mixed; boundary=grammar",
    "Multipart/Form-Data; Boundary=grammar",
  ),
  parts: fc.array(part, { maxLength: 5 }),
  end: fc.constantFrom("--grammar--\r\n", "--grammar--", "--grammar-", "", "--grammar\r\n"),
});

/** JSON texts for `params`: any value, odd keys, odd numbers, texts that are almost JSON. */
const PARAMS = fc.oneof(
  fc.json({ maxDepth: 4 }),
  fc
    .dictionary(
      fc.constantFrom(
        "steps",
        "seed",
        "remesh",
        "texture_resolution",
        "__proto__",
        "constructor",
        "toString",
        "a.b",
        "",
      ),
      fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(-1, 1e308, -0, 2 ** 53, 0.1, "NaN")),
    )
    .map((value) => JSON.stringify(value)),
  fc.constantFrom(
    "NaN",
    "Infinity",
    "{'a':1}",
    '{"a":1,}',
    "{",
    "[[[[",
    "\uFEFF{}",
    '{"a":1}{"a":2}',
    '{"a":"\\ud800"}',
    '{"seed":1e999}',
    "{}\0",
    "undefined",
    " {} ",
  ),
);

const fine = (exchange: Parameters<typeof told>[0]) => {
  const status = statusOf(exchange);
  return (
    (status >= 200 && status < 300) ||
    isRefusal(exchange) ||
    status === 503 ||
    exchange.failure?.kind === "closed"
  );
};

async function alive(t: Bench, id: "MOD-03" | "MOD-04"): Promise<void> {
  const end = await aliveAfter(t);
  if (typeof end === "string") t.expect(id, false, "the next run is done", end);
  else t.judge(id, end.exchange, "the next run is done", end.body["status"] === "done");
}

export const FUZZ: readonly Scenario[] = [
  {
    name: "random forms",
    feeds: ["MOD-03"],
    needs: ["succeeds"],
    alone: true,
    async run(t) {
      for (const { type, parts, end } of fc.sample(FORM, {
        seed: t.session.seed,
        numRuns: FORMS,
      })) {
        const body = Buffer.from(parts.join("") + end, "latin1");
        const exchange = await t.session.send(
          t.scenario,
          { method: "POST", path: CREATE_PATH, headers: { "Content-Type": type }, body },
          { meaning: { act: "create" }, answerOwed: false },
        );
        t.expect("MOD-03", fine(exchange), "2xx, 4xx, or closed", told(exchange), exchange);
        const id = t.acceptedId(exchange);
        if (id !== undefined) await t.release(id);
      }
      await alive(t, "MOD-03");
    },
  },
  {
    name: "random params",
    feeds: ["MOD-04"],
    needs: ["succeeds"],
    alone: true,
    async run(t) {
      for (const params of fc.sample(PARAMS, { seed: t.session.seed, numRuns: VALUES })) {
        const exchange = await createOnce(t, await t.partsWith("params", params));
        t.expect(
          "MOD-04",
          fine(exchange),
          `params ${params.slice(0, 80)}: 2xx or 4xx`,
          told(exchange),
          exchange,
        );
        const id = t.acceptedId(exchange);
        if (id !== undefined) await t.release(id);
      }
      await alive(t, "MOD-04");
    },
  },
];
