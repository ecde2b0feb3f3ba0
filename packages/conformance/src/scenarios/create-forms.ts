import { COMMON_PARAMS } from "@modly-runs/contract";

import { runBodyOf } from "../history/observations.ts";
import { CannotGoOn } from "../session/session.ts";
import type { Part } from "../wire/multipart.ts";
import { isRefusal, statusOf, told } from "./answers.ts";
import type { Bench } from "./bench.ts";
import type { Scenario } from "./scenario.ts";

import { startLong } from "./cancelling.ts";
import { accepted, acceptedOrRefused, tidy } from "./accepting.ts";

const COLLECTION = "Conformance.set-1_a";
const OUTSIDE = ["..", "../up", "a/../../b", "/tmp", String.raw`..\up`, "Default/../.."];

/** The spellings of one form that RFC 7578 and RFC 2046 allow. */
function dialects(parts: readonly Part[]): Record<string, { type: string; body: Buffer }> {
  const spelled = (
    boundary: string,
    head: (part: Part) => string,
    before = "",
    after = "",
  ): Buffer =>
    Buffer.concat([
      Buffer.from(before),
      ...parts.flatMap((part) => [
        Buffer.from(`--${boundary}\r\n${head(part)}\r\n\r\n`),
        Buffer.from(part.content),
        Buffer.from("\r\n"),
      ]),
      Buffer.from(`--${boundary}--\r\n${after}`),
    ]);
  const usual = (part: Part, file = part.filename && `; filename="${part.filename}"`) =>
    `Content-Disposition: form-data; name="${part.name}"${file ?? ""}${part.type ? `\r\nContent-Type: ${part.type}` : ""}`;
  const type = (boundary: string) => `multipart/form-data; boundary=${boundary}`;
  const encoded = "; filename=\"a.png\"; filename*=UTF-8''%e2%82%ac%20rates.png";
  return {
    "a preamble and an epilogue": {
      type: type("plain"),
      body: spelled("plain", usual, "This is a form.\r\n", "That was a form.\r\n"),
    },
    "a quoted boundary": {
      type: type('"with space and:colon"'),
      body: spelled("with space and:colon", usual),
    },
    "names in another case": {
      type: "Multipart/Form-Data; BOUNDARY=plain",
      body: spelled("plain", (part) =>
        usual(part)
          .replace("Content-Disposition", "CONTENT-disposition")
          .replace("Content-Type", "content-TYPE"),
      ),
    },
    "further headers in a part": {
      type: type("plain"),
      body: spelled(
        "plain",
        (part) =>
          `X-Part: ${part.name}\r\n${usual(part)}\r\nContent-Length: ${Buffer.from(part.content).length}`,
      ),
    },
    "file names of RFC 5987": {
      type: type("plain"),
      body: spelled("plain", (part) => usual(part, part.filename && encoded)),
    },
    "a long boundary": {
      type: type("b".repeat(70)),
      body: spelled("b".repeat(70), usual),
    },
  };
}

/** A run that was accepted, to its end. */
async function outcome(t: Bench, parts: readonly Part[]) {
  const exchange = await t.create(parts);
  const id = t.acceptedId(exchange);
  const end = id === undefined ? undefined : await t.endOf(id);
  return { exchange: end?.exchange ?? exchange, body: end?.body };
}

export const CREATE_FORMS: readonly Scenario[] = [
  {
    name: "where the new run is",
    feeds: ["CRE-41", "CRE-42"],
    async run(t) {
      const { exchange, id } = await t.start();
      const location = exchange.response?.headers["location"];
      const none = "the create answer had no Location";
      t.expect("CRE-42", location !== undefined, "Location", none, exchange);
      if (location === undefined) {
        t.session.ledger.add("CRE-41", { ok: true });
      } else {
        const path = location
          .replace(/^https?:\/\/[^/]+/, "")
          .replace(new RegExp(`^${t.session.origin.prefix}`), "");
        const read = await t.send({
          method: "GET",
          path: path.startsWith("/") ? path : `/${path}`,
        });
        const body = runBodyOf({ ...read, meaning: { act: "read", runId: id, exact: true } });
        t.expect("CRE-41", body?.["run_id"] === id, `the run at ${location}`, told(read), read);
      }
      await t.release(id);
    },
  },
  {
    name: "the collection of a run",
    feeds: ["CRE-45", "CRE-46"],
    needs: ["succeeds"],
    async run(t) {
      const { exchange, body } = await outcome(t, await t.partsWith("collection", COLLECTION));
      const used = String(body?.["output_url"]).startsWith(`/workspace/${COLLECTION}/`);
      t.judge("CRE-45", exchange, `an output_url in /workspace/${COLLECTION}/`, used);
      for (const name of OUTSIDE) {
        const wrong = await t.create(await t.partsWith("collection", name));
        // Where the part is not looked at, none leads anywhere.
        t.judge("CRE-46", wrong, `collection ${name}: 4xx`, isRefusal(wrong) || !used);
        await tidy(t, wrong);
      }
    },
  },
  {
    name: "parts and params that every client may send",
    feeds: ["CRE-44", "CRE-47", "CRE-56"],
    async run(t) {
      const { recipe } = await t.situation("succeeds");
      const values = { remesh: "none", enable_texture: false, texture_resolution: 512, seed: 7 };
      const common = Object.fromEntries(COMMON_PARAMS.map((key) => [key, values[key]]));
      const params = JSON.stringify({ ...recipe.params, ...common });
      const usual = await t.create(await t.partsWith("params", params));
      t.judge("CRE-44", usual, `${COMMON_PARAMS.join(", ")}: accepted`, accepted(t, usual));
      const text = await t.create(await t.partsWith("conformance_unknown_part", "hello"));
      t.judge("CRE-47", text, "an unknown text part: accepted", accepted(t, text));
      const { image, fields } = await t.parts();
      const again = [
        { name: "model_id", content: recipe.model_id ?? "" },
        { name: "params", content: JSON.stringify(recipe.params ?? {}) },
      ];
      for (const part of again) {
        const twice = await t.create([...fields, part, image]);
        t.judge(
          "CRE-56",
          twice,
          `${part.name} twice: 4xx, or one run`,
          acceptedOrRefused(t, twice),
        );
        await tidy(t, twice);
      }
      await tidy(t, usual, text);
    },
  },
  {
    name: "dialects of multipart",
    feeds: ["CRE-49"],
    needs: ["succeeds"],
    async run(t) {
      const { image, fields } = await t.parts();
      for (const [what, { type, body }] of Object.entries(dialects([...fields, image]))) {
        const exchange = await t.create([...fields, image], {
          headers: { "Content-Type": type },
          body,
        });
        t.expect("CRE-49", accepted(t, exchange), `${what}: accepted`, told(exchange), exchange);
        await tidy(t, exchange);
      }
    },
  },
  {
    name: "models in turns",
    feeds: ["CRE-43"],
    needs: ["succeeds", "fails"],
    alone: true,
    async run(t) {
      const [good, bad] = [await t.situation("succeeds"), await t.situation("fails")];
      if (good.recipe.model_id === bad.recipe.model_id)
        throw new CannotGoOn(
          "succeeds and fails are one model: which of two made a run can't be told.",
          "n/a",
        );
      const ends = async (name: "succeeds" | "fails") => {
        const { id } = await t.start(name);
        const end = await t.ended(id);
        const expected = name === "succeeds" ? "done" : "error";
        t.judge(
          "CRE-43",
          end.exchange,
          `${expected}, as ${String((name === "succeeds" ? good : bad).recipe.model_id)} ends`,
          end.body["status"] === expected,
        );
      };
      // In turns, at once, and after a create for the other model that was refused.
      for (const name of ["succeeds", "fails", "succeeds"] as const) await ends(name);
      await Promise.all([ends("fails"), ends("succeeds"), ends("fails"), ends("succeeds")]);
      const { fields } = await t.parts("fails");
      await t.create(fields);
      await ends("succeeds");
    },
  },
  {
    name: "one connection for many requests",
    feeds: ["GET-30"],
    needs: ["succeeds"],
    async run(t) {
      const pool = t.pool();
      const { image, fields } = await t.parts();
      const first = t.mustBeAccepted(await t.create([...fields, image], { pool }));
      const refused = await t.create(fields, { pool });
      t.judge("GET-30", refused, "a refused upload: 4xx", isRefusal(refused));
      const stray = await t.send({ method: "GET", path: "/workflow-runs/conformance-probe", pool });
      t.judge("GET-30", stray, "an unknown run: 404", statusOf(stray) === 404);
      const second = t.mustBeAccepted(await t.create([...fields, image], { pool }));
      for (const { id } of [first, second, first]) {
        const read = await t.read(id, { pool });
        t.judge("GET-30", read, `run ${id}`, runBodyOf(read)?.["run_id"] === id);
      }
      const beside = await t.ended(first.id);
      const same = await t.read(first.id, { pool });
      t.same("GET-30", "over the old connection what a new one shows", beside, same);
      await t.endOf(second.id);
    },
  },
  {
    name: "many connections for one run",
    feeds: [],
    shows: ["GET-30", "LIF-15"],
    needs: ["runs_long"],
    async run(t) {
      const { id } = await startLong(t);
      const pools = Array.from({ length: 8 }, () => t.pool());
      // Each has seen the run at work; then it ends over a connection that none of them is.
      await Promise.all(pools.map((pool) => t.read(id, { pool })));
      await t.release(id);
      const end = await t.ended(id);
      for (const pool of pools) {
        const read = await t.read(id, { pool });
        t.same("GET-30", "over an old connection what a new one has shown before", end, read);
      }
    },
  },
];
