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

function lineOf(req: Request, res: Response, requestId: string, ms: number) {
  const runId = runIdOf(req, res);
  const traceId = TRACEPARENT.exec(req.get("traceparent") ?? "")?.[1];
  return {
    request_id: requestId,
    ...(traceId ? { trace_id: traceId } : {}),
    ...(runId ? { run_id: runId } : {}),
    method: req.method,
    path: req.path.slice(0, 200),
    status: res.writableFinished ? res.statusCode : "aborted",
    ms: Math.round(ms),
  };
}

/** The id that the log names this request by; whoever answers sends it as `X-Request-Id`. */
export function requestIdOf(res: Response): string {
  return res.locals["requestId"] as string;
}

/** Writes one line a request, and gives each an id that the answer names too. No query, no header, no token. */
export function requestLog(log: Log, metrics: Metrics): RequestHandler {
  return (req, res, next) => {
    const given = req.headers["x-request-id"];
    const requestId = typeof given === "string" && REQUEST_ID.test(given) ? given : randomUUID();
    res.locals["requestId"] = requestId;
    const began = performance.now();
    res.once("close", () => {
      const ms = performance.now() - began;
      const status = res.statusCode;
      // What changes something or is refused is worth a line; polls would drown it.
      const isNews = req.method === "POST" || status >= 400;
      if (isNews || log.isLevelEnabled("debug"))
        log[isNews ? "info" : "debug"](lineOf(req, res, requestId, ms), "request");
      const route = (req.route as { path: string } | undefined)?.path ?? "none";
      metrics.answered({ method: req.method, route, status, seconds: ms / 1000 });
    });
    next();
  };
}
