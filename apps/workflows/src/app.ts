import { randomUUID } from "node:crypto";

import express, { type ErrorRequestHandler, type Express, type RequestHandler } from "express";

import { guard, type GuardOptions } from "./http/guard.ts";
import { refuse } from "./http/problems.ts";
import { createRouter, type RouterDeps } from "./http/router.ts";
import type { Log } from "./log.ts";
import { isAway, isOutOfHandles, isOutOfRoom } from "./passing.ts";
import { VERSION } from "./version.ts";

export interface AppDeps extends RouterDeps {
  readonly guard: GuardOptions;
  readonly log: Log;
}

const HEADERS = {
  "X-Content-Type-Options": "nosniff",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
  Vary: "Origin, Accept, Authorization",
};
/** What a page of another origin may send and read. */
const CORS = {
  "Access-Control-Allow-Methods": "GET, HEAD, POST, PATCH, DELETE",
  "Access-Control-Allow-Headers":
    "Content-Type, Authorization, Idempotency-Key, If-None-Match, Range, Last-Event-ID",
  "Access-Control-Expose-Headers": "ETag, Location, Retry-After, Accept-Ranges, Content-Range",
  "Access-Control-Max-Age": "600",
};

/** One line for each request that changes something or is refused. No query, no header, no token. */
function requestLog(log: Log): RequestHandler {
  return (req, res, next) => {
    const requestId = randomUUID();
    res.setHeader("X-Request-Id", requestId);
    const began = performance.now();
    res.once("close", () => {
      const isNews = !["GET", "HEAD", "OPTIONS"].includes(req.method) || res.statusCode >= 400;
      log[isNews ? "info" : "debug"](
        {
          request_id: requestId,
          method: req.method,
          path: req.path.slice(0, 200),
          status: res.writableFinished ? res.statusCode : "aborted",
          ms: Math.round(performance.now() - began),
        },
        "request",
      );
    });
    next();
  };
}

/** Headers of any answer; to pages of allowed origins also that they may read it. */
function headers(origins: readonly string[]): RequestHandler {
  return (req, res, next) => {
    for (const [name, value] of Object.entries(HEADERS)) res.setHeader(name, value);
    const { origin } = req.headers;
    if (origin === undefined || !origins.includes(origin)) return next();
    res.setHeader("Access-Control-Allow-Origin", origin);
    for (const [name, value] of Object.entries(CORS)) res.setHeader(name, value);
    if (req.method === "OPTIONS") return void res.status(204).end();
    next();
  };
}

function onError(log: Log): ErrorRequestHandler {
  return (cause: Error & { status?: number; code?: string }, req, res, _next) => {
    if (res.headersSent) return void res.destroy();
    if (cause instanceof URIError || cause.status === 400)
      return refuse(
        res,
        "malformed_request",
        "The address can't be read: its % escapes are not UTF-8.",
      );
    if (isOutOfRoom(cause))
      return refuse(
        res,
        "storage_full",
        "The service has no room left. Nothing was created; try again later.",
      );
    if (isOutOfHandles(cause))
      return refuse(
        res,
        "overloaded",
        "The service may open no more files at the moment. Try again in a moment.",
      );
    if (isAway(cause))
      return refuse(
        res,
        "storage_busy",
        "The service's store can't be reached at the moment. Whether a change was stored is not known: look, or send it again, a create with the same Idempotency-Key.",
      );
    if (cause.code?.startsWith("SQLITE_BUSY"))
      return refuse(res, "storage_busy", "The service's store is busy. Try again in a moment.");
    log.error({ err: cause, method: req.method }, "a request failed");
    refuse(res, "internal", "The service failed on this request. Its log says more.");
  };
}

/** The HTTP face of the service, as an Express application. */
export function createApp(deps: AppDeps): Express {
  const app = express();
  app.set("etag", false);
  app.set("x-powered-by", false);
  app.set("case sensitive routing", true);
  app.set("query parser", "simple");
  app.use(requestLog(deps.log));
  app.use(headers(deps.guard.allowedOrigins));
  app.use(guard(deps.guard));
  app.get("/health", (_req, res) => void res.json({ status: "ok", version: VERSION }));
  app.use(createRouter(deps));
  app.use((_req, res) =>
    refuse(
      res,
      "route_not_found",
      "There is no such route. Workflows are under /api/v1/workflows/.",
    ),
  );
  app.use(onError(deps.log));
  return app;
}
