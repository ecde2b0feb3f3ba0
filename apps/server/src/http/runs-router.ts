import { workflowRunsContract } from "@modly-runs/contract";
import { createExpressEndpoints, initServer } from "@ts-rest/express";
import { type RequestHandler, Router } from "express";

import type { Reads } from "../runs/reads.ts";
import { type CreateDeps, createHandler } from "./create.ts";
import { followMiddleware } from "./follow.ts";
import { refuseInvalid } from "./invalid.ts";
import { noSuchRun, readHandler } from "./read.ts";

export interface RunsRouterDeps extends CreateDeps {
  /** What reads the form of a create, once it is admitted. */
  readonly intake: RequestHandler[];
  readonly reads: Reads;
  /** Aborted when the server stops: streams and waits end. */
  readonly stopping: AbortSignal;
}

/** The three endpoints. */
export function createRunsRouter(deps: RunsRouterDeps): Router {
  const { runs, reads, stopping, intake } = deps;
  const router = Router({ strict: true, caseSensitive: true });
  const server = initServer();
  const endpoints = server.router(workflowRunsContract, {
    create: {
      middleware: intake,
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
