import cors from "cors";
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from "express";
import helmet from "helmet";

import type { Exports } from "./exports/exports.ts";
import { FilesAway } from "./files/away.ts";
import type { Meshes } from "./files/run-files.ts";
import type { Metrics } from "./metrics.ts";
import { createDocsRouter } from "./http/docs-router.ts";
import { type CompanionDeps, createCompanionRouter } from "./http/companion-router.ts";
import { guard, type GuardOptions, tokenCheck } from "./http/guard.ts";
import { methodGuard } from "./http/methods.ts";
import { createPageRouter } from "./http/page-router.ts";
import { refuse } from "./http/problems.ts";
import { requestIdOf, requestLog } from "./http/request-log.ts";
import { mountRuns, type RunsRouterDeps } from "./http/runs-router.ts";
import { admit } from "./http/create.ts";
import { createJobsRouter } from "./http/jobs-router.ts";
import { createPassThrough, type Upstream } from "./http/pass-through.ts";
import { readForm } from "./http/upload.ts";
import type { Log } from "./log.ts";
import { createExportRouter } from "./http/export-router.ts";
import { createWorkspaceRouter } from "./http/workspace-router.ts";
import {
  isOutOfHandles,
  isOutOfRoom,
  isStoreAway,
  isStoreEnded,
  isStoreLost,
} from "./out-of-room.ts";

export interface AppDeps extends Omit<RunsRouterDeps, "intake">, Omit<CompanionDeps, "isTrusted"> {
  /** False for a node that only runs models: it tells how it is, and no more. */
  readonly hasRuns: boolean;
  /** The Modly that its own routes go through to, if there is one. */
  readonly passTo: Upstream | null;
  readonly log: Log;
  readonly meshes: Meshes;
  readonly exports: Exports;
  readonly metrics: Metrics;
  readonly guard: GuardOptions;
}

/** Request headers that pages of allowed origins may send, and answer headers that they may read. */
const CORS = {
  allowedHeaders: [
    "Content-Type",
    "Idempotency-Key",
    "If-None-Match",
    "If-Match",
    "Prefer",
    "Last-Event-ID",
    "Authorization",
    "X-Modly-Token",
  ],
  exposedHeaders: ["ETag", "Location", "Retry-After", "Preference-Applied"],
  methods: ["GET", "HEAD", "POST"],
  maxAge: 600,
};

/** A page of the web may call a server of the house only if its preflight says so (Private Network Access). */
function allowPrivateNetwork(origins: readonly string[]): RequestHandler {
  return (req, res, next) => {
    const asks = req.headers["access-control-request-private-network"] === "true";
    if (asks && req.method === "OPTIONS" && origins.includes(req.headers.origin ?? ""))
      res.setHeader("Access-Control-Allow-Private-Network", "true");
    next();
  };
}

/** What a browser is told about any answer, and the request's id. The state of a run, which no browser shows, has less. */
function securityHeaders(): RequestHandler {
  // Meshes are for other pages of this machine too, so they may be embedded across origins.
  const set = helmet({
    contentSecurityPolicy: { directives: { "upgrade-insecure-requests": null } },
    crossOriginResourcePolicy: { policy: "cross-origin" },
    strictTransportSecurity: false,
  });
  return (req, res, next) => {
    res.setHeader("X-Request-Id", requestIdOf(res));
    res.vary("Origin");
    set(req, res, next);
  };
}

const notFound: RequestHandler = (_req, res) => {
  refuse(
    res,
    "route_not_found",
    "There is no such route. The three endpoints are under /workflow-runs.",
  );
};

/** What nothing else answered: a path that can't be decoded, or a fault of ours. */
function onError({ log }: Pick<AppDeps, "log">): ErrorRequestHandler {
  return (cause: Error & { status?: number; code?: string }, req, res, _next) => {
    if (res.headersSent) {
      res.destroy();
      return;
    }
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
        "The server has no room left. Nothing was created; try again later.",
      );
    if (cause instanceof FilesAway) {
      log.warn({ err: cause }, "the storage for pictures and meshes does not do its part");
      return refuse(
        res,
        "storage_busy",
        "The storage for pictures and meshes does not answer. Nothing was created; try again in a moment.",
      );
    }
    if (isStoreLost(cause))
      return refuse(
        res,
        "storage_lost",
        "The server's store is gone: its file was deleted or replaced. Nothing was created. Whoever runs the server must put it back, or start the server again.",
      );
    if (isStoreEnded(cause))
      return refuse(
        res,
        "stopping",
        "The server lost its store and is stopping. It does not know whether this was stored: look, or send it again with the same Idempotency-Key, when the server is back.",
      );
    if (isOutOfHandles(cause)) {
      log.error({ err: cause }, "the server may open no more files; raise its limit (ulimit -n)");
      return refuse(
        res,
        "overloaded",
        "The server has too many files open. Try again in a moment.",
      );
    }
    if (isStoreAway(cause))
      return refuse(
        res,
        "storage_busy",
        "The server's store can't be reached at the moment. Whether a create or a cancel was stored is not known: send it again, a create with the same Idempotency-Key.",
      );
    if (cause.code?.startsWith("SQLITE_BUSY"))
      return refuse(res, "storage_busy", "The server's store is busy. Try again in a moment.");
    log.error({ err: cause, method: req.method }, "a request failed");
    refuse(res, "internal", "The server failed on this request. Its log says more.");
  };
}

/** The HTTP face of the server, as an Express application. */
export function createApp(deps: AppDeps): Express {
  const { metrics, hasRuns } = deps;
  const app = express();
  app.set("etag", false);
  app.set("x-powered-by", false);
  app.set("strict routing", true);
  app.set("case sensitive routing", true);
  app.set("query parser", "simple");

  const secure = securityHeaders();
  const crossOrigin = cors({ ...CORS, origin: [...deps.guard.allowedOrigins] });
  const log = requestLog(deps.log, metrics);
  // Only a page says where it comes from, and only a page needs an answer to that.
  const privateNetwork = allowPrivateNetwork(deps.guard.allowedOrigins);
  const fromPages: RequestHandler = (req, res, next) => {
    if (req.headers.origin === undefined && req.method !== "OPTIONS") next();
    else void privateNetwork(req, res, () => crossOrigin(req, res, next));
  };
  const guarded = guard(deps.guard, secure);
  // One layer of Express for what every request passes: a layer costs more than what is in it.
  app.use((req, res, next) => {
    log(req, res, () => fromPages(req, res, () => guarded(req, res, next)));
  });
  // One for both doors, so that its limits count all uploads.
  const intake = [
    admit(deps, () => deps.stopping.aborted),
    readForm(deps.uploads, deps.limits, deps.log),
  ];
  // The first: runs are read far more often than anything else is asked for.
  if (hasRuns) mountRuns(app, { ...deps, intake }, secure);
  app.use(secure);
  app.use(methodGuard());
  if (hasRuns) app.use(createJobsRouter({ ...deps, intake }));
  app.use(createCompanionRouter({ ...deps, isTrusted: tokenCheck(deps.guard.token) }));
  if (hasRuns) {
    app.use(createWorkspaceRouter(deps.meshes));
    app.use(createExportRouter(deps.meshes, deps.exports));
    app.use(createDocsRouter());
    app.use(createPageRouter());
    app.use(createPassThrough(deps.passTo));
  }
  app.get("/metrics", (_req, res, next) => {
    metrics.text().then((text) => res.type(metrics.contentType).send(text), next);
  });
  app.use(notFound);
  app.use(onError(deps));
  return app;
}
