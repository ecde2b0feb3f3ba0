import { workflowRunsContract } from "@modly-runs/contract";
import { createExpressEndpoints, initServer, type RequestValidationError } from "@ts-rest/express";
import { type NextFunction, type Request, type Response, Router } from "express";
import type { ZodIssue } from "zod";

import type { Log } from "../log.ts";
import type { Reads } from "../runs/reads.ts";
import { admit, type CreateDeps, createHandler } from "./create.ts";
import { followMiddleware } from "./follow.ts";
import { refuse, sentenceOfErrors } from "./problems.ts";
import { noSuchRun, readHandler } from "./read.ts";
import { readForm } from "./upload.ts";

export interface RunsRouterDeps extends CreateDeps {
  readonly reads: Reads;
  /** Aborted when the server stops: streams and waits end. */
  readonly stopping: AbortSignal;
  readonly log: Log;
}

function messageOf(issue: ZodIssue): string {
  if (issue.code !== "invalid_type") return issue.message;
  return issue.received === "undefined" ? "is missing" : "must be one text, sent once";
}

/** What zod found wrong with a request, as a refusal. */
function refuseInvalid(
  error: RequestValidationError,
  _req: Request,
  res: Response,
  next: NextFunction,
): void {
  if (error.pathParams)
    return refuse(
      res,
      "invalid_run_id",
      "This is not a run id: those have 1 to 128 letters, digits, dots, dashes, underscores or tildes.",
    );
  const issues = error.body?.issues ?? error.headers?.issues;
  if (!issues) return next(error);
  const errors = issues.map((issue) => ({
    field: issue.path.join(".") || "body",
    message: messageOf(issue),
  }));
  const missing = errors.every(({ message }) => message.startsWith("is missing"));
  refuse(res, missing ? "missing_field" : "invalid_field", sentenceOfErrors(errors), errors);
}

/** The three endpoints. */
export function createRunsRouter(deps: RunsRouterDeps): Router {
  const { runs, reads, uploads, limits, stopping, log } = deps;
  const router = Router({ strict: true, caseSensitive: true });
  const server = initServer();
  const endpoints = server.router(workflowRunsContract, {
    create: {
      middleware: [admit(deps, () => stopping.aborted), readForm(uploads, limits, log)],
      handler: createHandler(deps),
    },
    get: {
      middleware: [followMiddleware(runs, stopping)],
      handler: readHandler(runs, reads, stopping),
    },
    cancel: async ({ req, params }) => {
      const row = await runs.cancel(params.run_id);
      if (!row) return noSuchRun(runs, req, params.run_id);
      const { runId, status } = row;
      return {
        status: 200 as const,
        body: { run_id: runId, status, cancelled: status === "cancelled" },
      };
    },
  });
  createExpressEndpoints(workflowRunsContract, endpoints, router, {
    logInitialization: false,
    jsonQuery: false,
    responseValidation: false,
    requestValidationErrorHandler: refuseInvalid,
  });
  return router;
}
