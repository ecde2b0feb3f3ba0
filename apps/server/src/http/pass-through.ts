import http from "node:http";
import https from "node:https";

import { type RequestHandler, Router } from "express";

import { INSTANCE_HEADER } from "../instance.ts";
import { refuse } from "./problems.ts";

/** A server that some requests go through to. */
export interface Upstream {
  /** Who we are, for a server that is pointed at itself. */
  readonly instance: string;
  readonly url: string;
  readonly token?: string;
}

/**
 * What of Modly's own goes through to it: its models, its extensions, its settings. Nothing that makes
 * or cancels a job, and no file: those are runs and meshes of ours.
 */
export const PASSED = [
  { method: "GET", path: "/extensions/*" },
  { method: "POST", path: "/extensions/*" },
  { method: "POST", path: "/model/switch" },
  { method: "POST", path: "/model/unload-all" },
  { method: "POST", path: "/model/unload/*" },
  { method: "GET", path: "/model/hf-download" },
  { method: "GET", path: "/settings/*" },
  { method: "POST", path: "/settings/*" },
  { method: "POST", path: "/optimize/*" },
] as const;

const CONNECT_MS = 5_000;

/** Of one connection only (RFC 9110, 7.6.1), or about us and not about Modly. */
const DROPPED = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "host",
  "origin",
  "referer",
  "cookie",
  "authorization",
  "x-modly-token",
  "expect",
]);

function kept(headers: http.IncomingHttpHeaders, isDropped: (name: string) => boolean) {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !DROPPED.has(name) && !isDropped(name)),
  );
}

/** Hands a request on as it is, and the answer back as it comes. */
function handOn({ url, token, instance }: Upstream): RequestHandler {
  const base = new URL(url);
  const prefix = base.pathname.replace(/\/+$/, "");
  const { request } = base.protocol === "https:" ? https : http;
  return (req, res) => {
    const outgoing = request(
      base,
      {
        // As it came: to make sense of dots here would lead around the table.
        path: prefix + req.originalUrl,
        method: req.method,
        agent: false,
        headers: {
          ...kept(req.headers, () => false),
          [INSTANCE_HEADER]: [req.headers[INSTANCE_HEADER], instance].filter(Boolean).join(", "),
          ...(req.headers["transfer-encoding"] ? { "transfer-encoding": "chunked" } : {}),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
      },
      (answer) => {
        const headers = kept(answer.headers, (name) => name.startsWith("access-control-"));
        for (const [name, value] of Object.entries(headers)) if (value) res.setHeader(name, value);
        res.status(answer.statusCode ?? 502);
        answer.pipe(res);
        answer.once("error", () => res.destroy());
      },
    );
    const late = setTimeout(() => outgoing.destroy(), CONNECT_MS);
    outgoing.once("socket", (socket) => socket.once("connect", () => clearTimeout(late)));
    outgoing.once("error", () => {
      clearTimeout(late);
      if (res.headersSent) res.destroy();
      else
        refuse(
          res,
          "modly_away",
          "This is for Modly, which does not answer. Start it and try again.",
        );
    });
    res.once("close", () => outgoing.destroy());
    req.pipe(outgoing);
  };
}

/** Says of Modly's own routes why they are not here, where nothing goes through to it. */
const notHandedOn: RequestHandler = (_req, res) => {
  refuse(
    res,
    "route_not_found",
    "This route is Modly's own. A server in front of a running Modly hands it on (--modly-url, without --modly-runs-only); this one does not.",
  );
};

/** Modly's own routes, which go through to the Modly behind this server, if any. Mount it behind the guard. */
export function createPassThrough(upstream: Upstream | null): Router {
  const router = Router({ strict: true, caseSensitive: true });
  const handler = upstream === null ? notHandedOn : handOn(upstream);
  for (const { method, path } of PASSED) router[method === "GET" ? "get" : "post"](path, handler);
  return router;
}
