import { Collection } from "@modly-runs/contract";
import { type JobFields, jobsContract } from "@modly-runs/contract/companion";
import { createExpressEndpoints, initServer } from "@ts-rest/express";
import { type RequestHandler, Router } from "express";

import { viewOf } from "../runs/view.ts";
import { activeModel } from "./active-model.ts";
import { type CreateDeps, createHandler } from "./create.ts";
import { refuseInvalid } from "./invalid.ts";
import { noSuchRun } from "./read.ts";

export interface JobsRouterDeps extends CreateDeps {
  readonly intake: RequestHandler[];
  readonly defaultModel: string;
}

/** What Modly reads from form fields and hands to the model among its params; the params win. */
function paramsOf({ params, remesh, enable_texture, texture_resolution }: JobFields): string {
  const fields = {
    ...(remesh === undefined ? {} : { remesh }),
    ...(enable_texture === undefined
      ? {}
      : { enable_texture: /^(?:true|1|on|yes)$/i.test(enable_texture) }),
    ...(texture_resolution === undefined ? {} : { texture_resolution: Number(texture_resolution) }),
  };
  try {
    const given = JSON.parse(params) as unknown;
    const isObject = typeof given === "object" && given !== null && !Array.isArray(given);
    return isObject ? JSON.stringify({ ...fields, ...given }) : params;
  } catch {
    return params; // refused where all params are judged
  }
}

/** Modly's older job API, for clients that know nothing newer. A job is a run under another name. */
export function createJobsRouter(deps: JobsRouterDeps): Router {
  const { runs, registry, intake, defaultModel } = deps;
  const router = Router({ strict: true, caseSensitive: true });
  const server = initServer();
  const create = createHandler(deps);
  const endpoints = server.router(jobsContract, {
    createJob: {
      middleware: intake,
      handler: async ({ req, res, body }) => {
        const collection = Collection.safeParse(body.collection?.trim());
        const answer = await create({
          req,
          res,
          body: {
            model_id: body.model_id ?? activeModel(await registry.list(), defaultModel) ?? "",
            // Modly takes its own folder in place of a name that it can't use.
            collection: collection.success ? collection.data : "Default",
            params: paramsOf(body),
          },
        });
        return answer.status === 200
          ? { status: 200 as const, body: { job_id: answer.body.run_id } }
          : answer;
      },
    },
    job: async ({ req, params }) => {
      const row = await runs.get(params.job_id);
      if (!row) return noSuchRun(runs, req, params.job_id);
      const { status, progress, step, output_url, error } = viewOf(row, null);
      const job = { job_id: row.runId, status, progress, step, output_url, error };
      return { status: 200 as const, body: job };
    },
    cancelJob: async ({ req, params }) => {
      const row = await runs.cancel(params.job_id);
      return row
        ? { status: 200 as const, body: { cancelled: row.status === "cancelled" } }
        : noSuchRun(runs, req, params.job_id);
    },
  });
  createExpressEndpoints(jobsContract, endpoints, router, {
    logInitialization: false,
    jsonQuery: false,
    responseValidation: false,
    requestValidationErrorHandler: refuseInvalid,
  });
  return router;
}
