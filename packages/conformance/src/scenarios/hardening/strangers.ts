import { setTimeout as sleep } from "node:timers/promises";

import { multipart } from "../../wire/multipart.ts";
import { converse } from "../../wire/socket.ts";
import { CannotGoOn } from "../../session/session.ts";
import { isRefusal, statusOf, told } from "../answers.ts";
import type { Scenario } from "../scenario.ts";
import { CREATE_PATH, createOnce, usual } from "./asking.ts";
import { secretIn } from "./secrets.ts";
import { headOf } from "./uploads.ts";

const LOOPBACK = /^(?:127\.|localhost$|::1$)/;

const answersIn = (text: string) => text.match(/HTTP\/1\.[01] \d{3}/g)?.length ?? 0;

export const STRANGERS: readonly Scenario[] = [
  {
    name: "two lengths of one body",
    feeds: ["SEC-14"],
    alone: true,
    async run(t) {
      const { host, port, prefix } = t.session.origin;
      const hidden = `GET ${prefix}/workflow-runs/smuggled HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`;
      const type = "Content-Type: multipart/form-data; boundary=x";
      const times = { quietMs: 700 * t.session.scale, timeoutMs: t.session.budgets.answer };
      for (const [what, lines, body] of [
        [
          "a length and chunks",
          [type, "Content-Length: 5", "Transfer-Encoding: chunked"],
          "0\r\n\r\n",
        ],
        [
          "chunks and a length",
          [type, "Transfer-Encoding: chunked", `Content-Length: ${5 + hidden.length}`],
          "0\r\n\r\n",
        ],
        [
          "two lengths",
          [type, "Content-Length: 5", `Content-Length: ${5 + hidden.length}`],
          "12345",
        ],
      ] as const) {
        const bytes = Buffer.from(`${headOf(t, lines)}\r\n\r\n${body}${hidden}`, "latin1");
        const { text, closed } = await converse(t.session.origin, bytes, times);
        const count = answersIn(text);
        t.expect(
          "SEC-14",
          count <= 1 &&
            (closed || /^connection: *close/im.test(text)) &&
            !/^HTTP\/1\.[01] [25]/.test(text),
          `${what}: one 4xx at most, then closed`,
          `${count} answers, ${closed ? "closed" : "left open"}: ${text.split("\r\n", 1)[0] ?? ""}`,
        );
      }
    },
  },
  {
    name: "pages of strangers",
    feeds: ["SEC-15"],
    alone: true,
    async run(t) {
      if (!LOOPBACK.test(t.session.origin.host))
        throw new CannotGoOn("The target does not listen on a loopback address.", "n/a");
      const evil = "evil.example";
      const host = await t.send({
        method: "GET",
        path: "/workflow-runs/no-such-run",
        headers: { Host: evil },
      });
      const refused = [400, 401, 403, 421].includes(statusOf(host));
      t.judge("SEC-15", host, `Host: ${evil} is refused (400, 401, 403, 421)`, refused);
      const origin = await createOnce(t, await usual(t), { Origin: `http://${evil}` });
      t.judge("SEC-15", origin, `Origin: http://${evil} is refused`, isRefusal(origin));
      const id = t.acceptedId(origin);
      if (id !== undefined) await t.release(id);
    },
  },
  {
    name: "doors for tests",
    feeds: ["SEC-16"],
    alone: true,
    async run(t) {
      for (const path of ["/__conformance", "/__conformance/", "/__conformance/reset"]) {
        for (const method of ["GET", "POST"]) {
          const exchange = await t.send({ method, path });
          // A server that has no such method there has no door there either.
          t.judge("SEC-16", exchange, "404 or 405", [404, 405].includes(statusOf(exchange)));
        }
      }
    },
  },
  {
    name: "a method inside a header",
    feeds: ["SEC-17"],
    needs: ["runs_long"],
    alone: true,
    async run(t) {
      const { id } = await t.start("runs_long");
      for (const name of ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"]) {
        const exchange = await t.send({
          method: "GET",
          path: `/workflow-runs/${id}/cancel`,
          headers: { [name]: "POST" },
        });
        t.judge("SEC-17", exchange, "404 or 405", [404, 405].includes(statusOf(exchange)));
      }
      await sleep(t.session.budgets.poll);
      const { exchange, status } = await t.look(id);
      t.judge("SEC-17", exchange, "the run goes on", status !== "cancelled");
      await t.release(id);
    },
  },
  {
    name: "what answers give away",
    feeds: ["SEC-11", "SEC-12", "SEC-13"],
    alone: true,
    async run(t) {
      const { contentType, body } = multipart(await usual(t).catch(() => []));
      await t.send({ method: "GET", path: "/workflow-runs/%ff" });
      await t.send({ method: "GET", path: "/no/such/route" });
      await t.send({
        method: "POST",
        path: CREATE_PATH,
        headers: { "Content-Type": contentType },
        body: body.subarray(0, 40),
      });
      for (const params of ["[1]", "{", '{"steps":[]}', "null"])
        await createOnce(t, await t.partsWith("params", params).catch(() => []));
      await createOnce(t, await t.partsWith("model_id", "no/such").catch(() => []));
      for (const exchange of t.session.recorder.exchanges) {
        const { response, request } = exchange;
        if (response === undefined || response.status < 400) continue;
        const secret = secretIn(response.body.toString("utf8"), request);
        t.expect("SEC-12", secret === undefined, "no stack, no path", secret ?? "", exchange);
      }
      const good = await t.session.situation("succeeds");
      if (good.ok) {
        const { body: run } = await t.finished();
        const output = await t.send(
          { method: "GET", path: String(run["output_url"]) },
          { meaning: { act: "output" } },
        );
        t.expect(
          "SEC-13",
          /^nosniff$/i.test(output.response?.headers["x-content-type-options"] ?? ""),
          "X-Content-Type-Options: nosniff",
          output.response?.headers["x-content-type-options"] ?? "no such header",
          output,
        );
      }
      const fails = await t.session.situation("fails");
      if (!fails.ok) {
        t.session.ledger.obstruct("SEC-11", { kind: fails.kind, reason: fails.reason });
        return;
      }
      const end = await t.ended((await t.start("fails")).id);
      const secret = secretIn(String(end.body["error"]));
      t.expect(
        "SEC-11",
        secret === undefined,
        "a sentence",
        `${secret}; ${told(end.exchange)}`,
        end.exchange,
      );
    },
  },
];
