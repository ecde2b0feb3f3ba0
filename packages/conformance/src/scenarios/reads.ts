import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";

import { runBodyOf } from "../history/observations.ts";
import { type Exchange, jsonOf } from "../wire/exchange.ts";
import { CannotGoOn } from "../session/session.ts";
import { isJson, isRefusal, jsonFault, problemFault, statusOf, told } from "./answers.ts";
import type { Scenario } from "./scenario.ts";

/** Ids that no server makes, spelled as they go over the wire. */
export const MALFORMED_IDS = [
  "a".repeat(8192),
  "%00",
  "%ff",
  "%F0%9F%A6%80",
  "a%20b",
  "..%2f..%2fx",
];

/** Ids with which a path is no URI: what stands before the routes may refuse it in its own way. */
export const NO_URIS = ["%zz", "100%"];

export const REFUSED_EARLY = "4xx with any body, or the connection closed";

/** Refused, be it by the platform below the server. */
export const isRefusedEarly = (exchange: Exchange) =>
  isRefusal(exchange) || exchange.failure?.kind === "closed";

/** The id with the case of its letters turned; undefined where it has none. */
function turned(id: string): string | undefined {
  const other = id === id.toUpperCase() ? id.toLowerCase() : id.toUpperCase();
  return other === id ? undefined : other;
}

const path = (id: string) => `/workflow-runs/${id}`;

export const READS: readonly Scenario[] = [
  {
    name: "ids that are no runs",
    feeds: ["GET-17", "GET-18", "GET-27"],
    shows: ["WIRE-03"],
    async run(t) {
      const unknown = await t.read(randomUUID());
      const found = statusOf(unknown) === 404;
      t.judgeBody("GET-17", unknown, "404, JSON with detail", found, problemFault(unknown));
      for (const id of MALFORMED_IDS) {
        const exchange = await t.send({ method: "GET", path: path(id) });
        const refused = isRefusal(exchange);
        t.judgeBody("GET-18", exchange, "4xx with JSON", refused, jsonFault(exchange));
      }
      for (const id of NO_URIS) {
        const exchange = await t.send({ method: "GET", path: path(id) }, { answerOwed: false });
        t.judge("GET-18", exchange, REFUSED_EARLY, isRefusedEarly(exchange));
      }
      const route = await t.send({ method: "GET", path: `${path(randomUUID())}/no/such/route` });
      t.judgeBody("GET-27", route, "404 with JSON", statusOf(route) === 404, jsonFault(route));
    },
  },
  {
    name: "reading an ended run",
    feeds: ["GET-21", "GET-22", "GET-23", "GET-24", "GET-26"],
    needs: ["succeeds"],
    async run(t) {
      const end = await t.finished();
      const { id, body } = end;
      const head = await t.read(id, { method: "HEAD" });
      t.judge(
        "GET-21",
        head,
        "200 without a body",
        statusOf(head) === 200 && head.response?.body.length === 0,
      );
      const html = await t.read(id, { headers: { Accept: "text/html" } });
      t.judge(
        "GET-23",
        html,
        "JSON, or 406",
        statusOf(html) === 406 || (statusOf(html) === 200 && isJson(html)),
      );
      for (const other of [`${id}x`, `${id}%20`, turned(id)]) {
        if (other === undefined) continue;
        const exchange = await t.send({ method: "GET", path: path(other) });
        const malformed = !/^[\w.~-]{1,128}$/.test(other);
        const fine = statusOf(exchange) === 404 || (malformed && isRefusal(exchange));
        t.judge("GET-24", exchange, malformed ? "4xx" : "404", fine);
      }
      const slash = await t.send({ method: "GET", path: `${path(id)}/` });
      const sameRun = statusOf(slash) === 200 && isDeepStrictEqual(jsonOf(slash.response), body);
      t.judge(
        "GET-24",
        slash,
        "the same run, 307, 308 or 4xx",
        sameRun || [307, 308].includes(statusOf(slash)) || isRefusal(slash),
      );
      for (const method of ["PUT", "DELETE", "PATCH"]) {
        const exchange = await t.send({ method, path: path(id) });
        t.judge(
          "GET-26",
          exchange,
          `${method}: 404 or 405`,
          [404, 405].includes(statusOf(exchange)),
        );
      }
      const after = await t.look(id);
      t.same("GET-26", "the run is unchanged", end, after.exchange);
      const pool = t.pool();
      for (let count = 0; count < 300; count += 1) {
        const exchange = await t.read(id, { pool });
        if (isDeepStrictEqual(runBodyOf(exchange), after.body)) continue;
        t.same("GET-22", `read ${count + 1} of 300 equals the first`, after, exchange);
        return;
      }
      t.judge("GET-22", after.exchange, "300 equal reads", true);
    },
  },
  {
    name: "reading an active run",
    feeds: ["GET-19", "GET-20", "GET-25"],
    needs: ["runs_long"],
    async run(t) {
      const { id } = await t.start("runs_long");
      const { exchange, status } = await t.look(id);
      const headers = exchange.response?.headers ?? {};
      if (status !== "pending" && status !== "running") {
        await t.release(id);
        throw new CannotGoOn(
          "The run had ended before its first read (see LIF-09).",
          typeof t.session.target.situations?.runs_long === "object" ? "blocked" : "n/a",
        );
      }
      const cache = headers["cache-control"];
      t.expect(
        "GET-19",
        /no-(?:store|cache)/i.test(cache ?? ""),
        "Cache-Control: no-store or no-cache",
        cache === undefined ? "no Cache-Control" : `Cache-Control: ${cache}`,
        exchange,
      );
      const pace = headers["retry-after"];
      t.expect(
        "GET-25",
        /^\d+$/.test(pace ?? ""),
        "Retry-After with a whole number of seconds",
        pace === undefined
          ? "the read of an active run had no Retry-After"
          : `the read of an active run had Retry-After: ${pace}`,
        exchange,
      );
      await t.release(id);
      await t.ended(id);
      const { etag } = headers;
      if (etag === undefined) {
        t.session.ledger.add("GET-20", { ok: true });
        return;
      }
      const changed = await t.look(id);
      if (changed.status === runBodyOf(exchange)?.["status"]) {
        throw new CannotGoOn("The run had ended before its first read (see LIF-09).");
      }
      const later = await t.read(id, { headers: { "If-None-Match": etag } });
      t.expect(
        "GET-20",
        statusOf(later) !== 304,
        "200 with the new state",
        told(later),
        exchange,
        later,
      );
    },
  },
];
