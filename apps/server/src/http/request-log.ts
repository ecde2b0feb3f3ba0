import { randomUUID } from "node:crypto";

import type { RequestHandler } from "express";

import type { Log } from "../log.ts";

const REQUEST_ID = /^[\w.-]{1,64}$/;
/** W3C Trace Context: version, trace id, parent id, flags. */
const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}$/;

/** Writes one line a request, and gives each an id that the answer names too. No query, no header, no token. */
export function requestLog(log: Log): RequestHandler {
  return (req, res, next) => {
    const given = req.get("x-request-id") ?? "";
    const requestId = REQUEST_ID.test(given) ? given : randomUUID();
    const traceId = TRACEPARENT.exec(req.get("traceparent") ?? "")?.[1];
    const began = performance.now();
    res.setHeader("X-Request-Id", requestId);
    res.once("close", () => {
      log.debug(
        {
          request_id: requestId,
          ...(traceId ? { trace_id: traceId } : {}),
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
