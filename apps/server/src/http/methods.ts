import { companionContract, jobsContract } from "@modly-runs/contract/companion";
import { workflowRunsContract } from "@modly-runs/contract";
import { type RequestHandler, Router } from "express";

import { refuse } from "./problems.ts";

/** Routes of the companion that serve files, which ts-rest does not describe. */
const FILE_ROUTES = [
  "/workspace/*",
  "/export/:format",
  "/",
  "/assets/:file",
  "/icon.svg",
  "/openapi.json",
  "/docs",
  "/docs/:file",
  "/metrics",
].map((path) => ({ method: "GET", path }));

/** What each path takes, read off the contracts. */
function allowedMethods(): Map<string, string[]> {
  const allowed = new Map<string, string[]>();
  const routes = [
    ...Object.values(workflowRunsContract),
    ...Object.values(companionContract),
    ...Object.values(jobsContract),
    ...FILE_ROUTES,
  ];
  for (const { method, path } of routes) {
    const methods = method === "GET" ? ["GET", "HEAD"] : [method];
    allowed.set(path, [...(allowed.get(path) ?? []), ...methods]);
  }
  return allowed;
}

/** Answers 405 with `Allow` where a path is known and the method is not. Mount it before the routes. */
export function methodGuard(): Router {
  const router = Router({ strict: true, caseSensitive: true });
  for (const [path, methods] of allowedMethods()) {
    const allow = [...methods, "OPTIONS"].join(", ");
    const guard: RequestHandler = (req, res, next) => {
      // What a first path takes is decided by it: `from-image` is no run id.
      if (methods.includes(req.method)) return next("router");
      res.setHeader("Allow", allow);
      if (req.method === "OPTIONS") return void res.status(204).end();
      refuse(
        res,
        "method_not_allowed",
        `${req.method} is not allowed here; ${methods.join(", ")} is.`,
      );
    };
    router.all(path, guard);
  }
  return router;
}
