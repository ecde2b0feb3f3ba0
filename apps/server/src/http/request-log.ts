import { randomUUID } from "node:crypto";

import type { Request, RequestHandler, Response } from "express";

import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";

const REQUEST_ID = /^[\w.-]{1,64}$/;
/** W3C Trace Context: version, trace id, parent id, flags. */
const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}$/;

/** The run a request was about: the one it named, or the one it created. */
function runIdOf(req: Request, res: Response): string | undefined {
  const created = res.getHeader("Location");
  return typeof created === "string"
    ? created.split("/").at(-1)
    : req.params["run_id"]?.slice(0, 128);
}

/** Writes one line a request, and gives each an id that the answer names too. No query, no header, no token. */
export function requestLog(log: Log, metrics: Metrics): RequestHandler {
  return (req, res, next) => {
    const given = req.get("x-request-id") ?? "";
    const requestId = REQUEST_ID.test(given) ? given : randomUUID();
    const traceId = TRACEPARENT.exec(req.get("traceparent") ?? "")?.[1];
    const began = performance.now();
    res.setHeader("X-Request-Id", requestId);
    res.once("close", () => {
      const ms = performance.now() - began;
      const status = res.statusCode;
      const runId = runIdOf(req, res);
      // What changes something or is refused is worth a line; polls would drown it.
      log[req.method === "POST" || status >= 400 ? "info" : "debug"](
        {
          request_id: requestId,
          ...(traceId ? { trace_id: traceId } : {}),
          ...(runId ? { run_id: runId } : {}),
          method: req.method,
          path: req.path.slice(0, 200),
          status: res.writableFinished ? status : "aborted",
          ms: Math.round(ms),
        },
        "request",
      );
      const route = (req.route as { path: string } | undefined)?.path ?? "none";
      metrics.answered({ method: req.method, route, status, seconds: ms / 1000 });
    });
    next();
  };
}
