import { workflowRunsContract } from "@modly-runs/contract";
import { createExpressEndpoints, initServer } from "@ts-rest/express";
import type { Express, RequestHandler } from "express";

import type { Reads } from "../runs/reads.ts";
import { type CreateDeps, createHandler } from "./create.ts";
import { followMiddleware, wantsEvents } from "./follow.ts";
import { refuseInvalid } from "./invalid.ts";
import { methodGuard } from "./methods.ts";
import { noSuchRun, readMiddleware } from "./read.ts";

export interface RunsRouterDeps extends CreateDeps {
  /** What reads the form of a create, once it is admitted. */
  readonly intake: RequestHandler[];
  readonly reads: Reads;
  /** Aborted when the server stops: streams and waits end. */
  readonly stopping: AbortSignal;
}

/** The three endpoints. `secure` sets what any answer carries that is not the state of a run. */
export function mountRuns(app: Express, deps: RunsRouterDeps, secure: RequestHandler): void {
  const { runs, reads, stopping, intake } = deps;
  const server = initServer();
  const follow = followMiddleware(runs, stopping);
  const endpoints = server.router(workflowRunsContract, {
    create: {
      middleware: [secure, ...intake],
      handler: createHandler(deps),
    },
    get: {
      middleware: [
        (req, res, next) =>
          wantsEvents(req) ? secure(req, res, () => void follow(req, res, next)) : next(),
        readMiddleware(runs, reads, stopping, secure),
        secure,
        // A path that is no run may be another route's.
        methodGuard(),
      ],
      // Runs that are there have been answered with.
      handler: ({ req, params }) => noSuchRun(runs, req, params.run_id),
    },
    cancel: {
      middleware: [secure],
      handler: async ({ req, params }) => {
        const row = await runs.cancel(params.run_id);
        if (!row) return noSuchRun(runs, req, params.run_id);
        const { runId, status } = row;
        return {
          status: 200 as const,
          body: { run_id: runId, status, cancelled: status === "cancelled" },
        };
      },
    },
  });
  createExpressEndpoints(workflowRunsContract, endpoints, app, {
    logInitialization: false,
    jsonQuery: false,
    responseValidation: false,
    requestValidationErrorHandler: refuseInvalid,
  });
}
