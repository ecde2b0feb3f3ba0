import type { CheckId } from "../requirements/index.ts";
import { type Part } from "../wire/multipart.ts";
import { garbagePng, png, truncatedPng } from "../wire/pictures.ts";
import { isRefusal, isSuccess, jsonFault, statusOf, told } from "./answers.ts";
import type { Bench } from "./bench.ts";
import type { Scenario } from "./scenario.ts";

const PATH = "/workflow-runs/from-image";
const pngPart = (content: Buffer | string, type?: string): Part => ({
  name: "image",
  filename: "picture.png",
  content,
  ...(type === undefined ? {} : { type }),
});

/** A check that one create is refused; an accepted run is not left to work. */
function refused(
  id: CheckId,
  name: string,
  parts: (t: Bench) => Promise<readonly Part[]>,
  alsoFine = false,
): Scenario {
  return {
    name,
    feeds: [id],
    async run(t) {
      const exchange = await t.create(await parts(t));
      const accepted = t.acceptedId(exchange);
      const fine =
        isRefusal(exchange) || (alsoFine && isSuccess(exchange) && accepted !== undefined);
      t.judge(id, exchange, alsoFine ? "accepted, or 4xx" : "4xx", fine);
      if (accepted !== undefined) await t.release(accepted);
    },
  };
}

/** A picture that is broken may be found out late, but never be done. */
function broken(id: CheckId, name: string, content: () => Buffer): Scenario {
  return {
    name,
    feeds: [id],
    async run(t) {
      const exchange = await t.create(await t.partsOf(pngPart(content(), "image/png")));
      const run = t.acceptedId(exchange);
      if (run === undefined) {
        t.judge(id, exchange, "4xx, or a run that ends in error", isRefusal(exchange));
        return;
      }
      const end = await t.endOf(run);
      t.judge(
        id,
        end?.exchange ?? exchange,
        "4xx, or a run that ends in error",
        end?.body["status"] === "error",
      );
    },
  };
}

export const CREATE_REFUSES: readonly Scenario[] = [
  refused("CRE-12", "no picture", (t) => t.partsOf(undefined)),
  refused("CRE-13", "image as text", (t) => t.partsOf({ name: "image", content: "picture.png" })),
  refused(
    "CRE-14",
    "a picture labelled as text",
    (t) => t.partsOf(pngPart(png(1), "text/plain")),
    true,
  ),
  {
    name: "a picture without a type",
    feeds: ["CRE-15"],
    async run(t) {
      for (const type of [undefined, "application/octet-stream"]) {
        const exchange = await t.create(await t.partsOf(pngPart(png(1), type)));
        t.judge(
          "CRE-15",
          exchange,
          `${type ?? "no type"}: accepted`,
          isSuccess(exchange) && t.acceptedId(exchange) !== undefined,
        );
        await t.release(...[exchange].flatMap((one) => t.acceptedId(one) ?? []));
      }
    },
  },
  broken("CRE-16", "an empty picture", () => Buffer.alloc(0)),
  broken("CRE-17", "a truncated picture", truncatedPng),
  broken("CRE-18", "garbage behind a signature", garbagePng),
  broken("CRE-19", "text labelled as a picture", () =>
    Buffer.from("This is no picture.\n".repeat(20)),
  ),
  refused("CRE-20", "an unknown model", (t) =>
    t.partsWith("model_id", "no/such-model-of-the-suite"),
  ),
  refused("CRE-22", "params that are not JSON", (t) => t.partsWith("params", "{steps: 3")),
  {
    name: "hostile model ids",
    feeds: ["CRE-21"],
    async run(t) {
      const empty = await t.create(await t.partsWith("model_id", ""));
      t.judge("CRE-21", empty, "4xx, or the default model", isRefusal(empty) || isSuccess(empty));
      const long = await t.create(await t.partsWith("model_id", "m".repeat(10_240)));
      t.judge("CRE-21", long, "4xx", isRefusal(long));
      await t.release(...[empty, long].flatMap((exchange) => t.acceptedId(exchange) ?? []));
    },
  },
  {
    name: "params that are no object",
    feeds: ["CRE-23"],
    async run(t) {
      for (const params of ["[]", "null", "1", '"x"', "true"]) {
        const exchange = await t.create(await t.partsWith("params", params));
        t.expect("CRE-23", isRefusal(exchange), `params ${params}: 4xx`, told(exchange), exchange);
        await t.release(...[exchange].flatMap((one) => t.acceptedId(one) ?? []));
      }
    },
  },
  {
    name: "not multipart",
    feeds: ["CRE-27"],
    async run(t) {
      const bodies: readonly [string | undefined, string][] = [
        ["application/json", '{"model_id":"a","params":{}}'],
        ["application/x-www-form-urlencoded", "model_id=a&params=%7B%7D"],
        [undefined, "model_id=a"],
      ];
      for (const [type, text] of bodies) {
        const headers = type === undefined ? {} : { "Content-Type": type };
        const exchange = await t.patiently(() =>
          t.send(
            { method: "POST", path: PATH, headers, body: Buffer.from(text) },
            { meaning: { act: "create" } },
          ),
        );
        t.judge(
          "CRE-27",
          exchange,
          "400, 415 or 422",
          [400, 415, 422].includes(statusOf(exchange)),
        );
      }
    },
  },
  {
    name: "broken multipart",
    feeds: ["CRE-28"],
    async run(t) {
      const { host, port, prefix } = t.session.origin;
      const own = Object.entries(t.session.target.headers ?? {}).map(
        ([name, value]) => `${name}: ${value}\r\n`,
      );
      const bytes = (type: string, body: string, length = body.length) =>
        Buffer.from(
          `POST ${prefix}${PATH} HTTP/1.1\r\nHost: ${host}:${port}\r\n${own.join("")}Content-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n${body}`,
        );
      const part =
        '--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\nContent-Type: image/png\r\n\r\nabc';
      const cases = [
        {
          what: "no boundary",
          raw: bytes("multipart/form-data", `${part}\r\n--b--\r\n`),
          hangUp: false,
        },
        {
          what: "a wrong boundary",
          raw: bytes("multipart/form-data; boundary=other", `${part}\r\n--b--\r\n`),
          hangUp: false,
        },
        {
          what: "no last boundary",
          raw: bytes("multipart/form-data; boundary=b", part),
          hangUp: false,
        },
        {
          what: "neither a length nor a body",
          raw: Buffer.from(
            `POST ${prefix}${PATH} HTTP/1.1\r\nHost: ${host}:${port}\r\n${own.join("")}Content-Type: multipart/form-data; boundary=b\r\n\r\n`,
          ),
          hangUp: false,
        },
        {
          what: "a connection closed in the middle",
          raw: bytes("multipart/form-data; boundary=b", part, part.length + 500),
          hangUp: true,
        },
      ];
      for (const { what, raw, hangUp } of cases) {
        const again = `printf '%s' '${raw.toString("latin1").replaceAll("\r\n", String.raw`\r\n`)}' | nc ${host} ${port}`;
        const exchange = await t.patiently(() =>
          t.session.sendBytes(t.scenario, raw, again, { hangUp }),
        );
        const fine = isRefusal(exchange) || exchange.failure?.kind === "closed";
        t.expect("CRE-28", fine, `${what}: 4xx or closed in time`, told(exchange), exchange);
      }
      const alive = await t.read("conformance-probe");
      t.judge("CRE-28", alive, "the server still answers", alive.response !== undefined);
    },
  },
  {
    name: "wrong methods on the create route",
    feeds: ["CRE-31", "CRE-40"],
    async run(t) {
      for (const method of ["GET", "PUT", "DELETE", "PATCH"]) {
        const exchange = await t.send({ method, path: PATH });
        const status = statusOf(exchange);
        const refused = status === 404 || status === 405;
        const expected = `${method}: 404 or 405 with JSON`;
        t.judgeBody("CRE-31", exchange, expected, refused, jsonFault(exchange));
        const allow = exchange.response?.headers["allow"];
        t.expect(
          "CRE-40",
          status !== 405 || allow !== undefined,
          `${method}: Allow beside 405`,
          told(exchange),
          exchange,
        );
      }
    },
  },
  {
    name: "a trailing slash on create",
    feeds: ["CRE-32"],
    async run(t) {
      const exchange = await t.create(await t.partsOf((await t.parts()).image), {
        path: `${PATH}/`,
      });
      const status = statusOf(exchange);
      t.judge(
        "CRE-32",
        exchange,
        "the same, 307, 308 or 4xx",
        isSuccess(exchange) || status === 307 || status === 308 || isRefusal(exchange),
      );
      await t.release(...[exchange].flatMap((one) => t.acceptedId(one) ?? []));
    },
  },
];
