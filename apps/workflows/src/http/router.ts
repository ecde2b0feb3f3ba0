import { createExpressEndpoints, initServer, type RequestValidationError } from "@ts-rest/express";
import { type NextFunction, type Request, type Response, Router } from "express";

import { besideContract, workflowsContract } from "../contract/routes.ts";
import { errorsOf } from "../definition/read.ts";
import type { WorkflowStore } from "../stores/workflow-store.ts";
import type { Answer, Refusal } from "../workflows/workflows.ts";
import { readJson } from "./body.ts";
import { type FilesDeps, fileHandler } from "./files.ts";
import { type FollowDeps, followMiddleware } from "./follow.ts";
import { tenantOf } from "./guard.ts";
import { boundKeys, digestOf, keyOf } from "./idempotency.ts";
import { boundBodies } from "./places.ts";
import { refusal, refuse, sentenceOf } from "./problems.ts";
import { stateOf } from "./state.ts";

export interface RouterDeps extends FollowDeps, FilesDeps {
  readonly store: Pick<WorkflowStore, "deliveries">;
  readonly mostBodyBytes: number;
  /** Why a workflow can't have a webhook; undefined if it can. */
  readonly noWebhooks?: string | undefined;
}

const BASE = "/api/v1/workflows";

/** The routes of the service. */
export function createRouter(deps: RouterDeps): Router {
  const { workflows, store, noWebhooks } = deps;
  const router = Router({ caseSensitive: true });
  const server = initServer();
  const json = readJson(deps.mostBodyBytes);
  const act =
    (what: "start" | "pause" | "resume" | "cancel") =>
    async ({ res, params }: { res: Response; params: { workflow_id: string } }) =>
      answered(res, await workflows.request(params.workflow_id, tenantOf(res), what));
  const webhookRefused = (res: Response, url: unknown) =>
    url && noWebhooks !== undefined
      ? refusal(res, "invalid_field", `webhook_url: ${noWebhooks}`, [
          { field: "webhook_url", message: noWebhooks },
        ])
      : undefined;

  const endpoints = server.router(workflowsContract, {
    create: async ({ res, body, query }) => {
      const own = tenantOf(res);
      const said = body.origin_tenant_id ?? null;
      if (own !== null && said !== null && said !== own)
        return refusal(
          res,
          "forbidden_tenant",
          "origin_tenant_id is not the tenant of the token. Leave it out, or say the token's.",
        );
      const refused = webhookRefused(res, body.webhook_url);
      if (refused) return refused;
      const tenant = own ?? said;
      const key = keyOf(res);
      const made = await workflows.create(
        { ...body, origin_tenant_id: tenant },
        tenant ?? "",
        query.start,
        key === undefined ? undefined : { key, digest: digestOf([body, query]) },
        goneOf(res),
      );
      if (!made.ok) return refusedBy(res, made);
      res.setHeader("Location", `${BASE}/${made.value.id}`);
      return { status: 201 as const, body: made.value };
    },
    list: async ({ res, query }) => {
      const { status, skip, limit } = query;
      const { workflows: found, total } = await workflows.list({
        tenant: tenantOf(res) ?? undefined,
        status,
        originInstance: query.origin_instance,
        originTenantId: query.origin_tenant_id,
        includeDeleted: query.include_deleted,
        skip,
        limit,
      });
      return { status: 200 as const, body: { workflows: found, total, skip, limit } };
    },
    get: {
      middleware: [followMiddleware(deps)],
      handler: async ({ req, res, params }) => {
        const row = await workflows.find(params.workflow_id, tenantOf(res));
        if (!row) return refusedBy(res, { ok: false, reason: "not_found" });
        const workflow = await workflows.view(row);
        const etag = `"${stateOf(workflow).mark}"`;
        res.setHeader("ETag", etag);
        res.setHeader("Cache-Control", "no-cache");
        if (req.get("if-none-match") === etag) return { status: 304 as const, body: undefined };
        return { status: 200 as const, body: workflow };
      },
    },
    update: async ({ res, params, body }) =>
      webhookRefused(res, body.webhook_url) ??
      answered(res, await workflows.update(params.workflow_id, tenantOf(res), body)),
    cancel: act("cancel"),
    start: act("start"),
    pause: act("pause"),
    resume: act("resume"),
    cleanup: async ({ res, params, query }) => {
      const done = await workflows.cleanup(params.workflow_id, tenantOf(res), query.cleanup_tasks);
      return done.ok ? { status: 200 as const, body: done.value } : refusedBy(res, done);
    },
  });
  const beside = server.router(besideContract, {
    deliveries: async ({ res, params }) => {
      const row = await workflows.find(params.workflow_id, tenantOf(res));
      if (!row) return refusedBy(res, { ok: false, reason: "not_found" });
      return { status: 200 as const, body: { deliveries: await store.deliveries(row.id) } };
    },
  });
  const options = {
    logInitialization: false,
    jsonQuery: false,
    responseValidation: false,
    requestValidationErrorHandler: refuseInvalid,
  };
  const bounded = boundBodies();
  router.post(workflowsContract.create.path, boundKeys(), bounded, json);
  router.patch(workflowsContract.update.path, bounded, json);
  createExpressEndpoints(workflowsContract, endpoints, router, options);
  createExpressEndpoints(besideContract, beside, router, options);
  router.get(`${BASE}/:workflow_id/files/:file`, fileHandler(deps));
  for (const [path, methods] of allowedMethods())
    router.all(path, (req, res) => {
      res.setHeader("Allow", methods.join(", "));
      refuse(
        res,
        "method_not_allowed",
        `${req.method} is not allowed here; ${methods.join(", ")} is.`,
      );
    });
  return router;
}

/** Aborted when nobody waits for the answer any more. */
function goneOf(res: Response): AbortSignal {
  const gone = new AbortController();
  res.once("close", () => gone.abort());
  return gone.signal;
}

function answered<T>(res: Response, answer: Answer<T>) {
  return answer.ok ? { status: 200 as const, body: answer.value } : refusedBy(res, answer);
}

function refusedBy(res: Response, refused: Refusal) {
  switch (refused.reason) {
    case "not_found":
      return refusal(res, "workflow_not_found", "There is no workflow with this id.");
    case "too_many":
      return refusal(
        res,
        "too_many_workflows",
        "Too many workflows run or wait already. Nothing was done; try again later.",
      );
    case "wrong_status":
      return refusal(res, "wrong_status", refused.why);
    case "mismatch":
      return refusal(
        res,
        "idempotency_mismatch",
        "This Idempotency-Key was used for another create. Take a new key.",
      );
    case "invalid":
      return refusal(res, "invalid_definition", sentenceOf(refused.errors), refused.errors);
    case "unreachable":
      return refusal(res, "unreachable_file", sentenceOf(refused.errors), refused.errors);
  }
}

/** What zod found wrong with a request, as a refusal. */
function refuseInvalid(
  error: RequestValidationError,
  req: Request,
  res: Response,
  next: NextFunction,
): void {
  if (error.pathParams)
    return refuse(res, "workflow_not_found", "There is no workflow with this id.");
  const found = error.body ?? error.query;
  if (!found) return next(error);
  const errors = errorsOf(found, error.body ? req.body : req.query);
  refuse(res, error.body ? "invalid_definition" : "invalid_field", sentenceOf(errors), errors);
}

/** What each path takes, read off the contract. */
function allowedMethods(): Map<string, string[]> {
  const allowed = new Map<string, string[]>([
    [`${BASE}/:workflow_id/files/:file`, ["GET", "HEAD"]],
  ]);
  for (const { method, path } of [
    ...Object.values(workflowsContract),
    ...Object.values(besideContract),
  ]) {
    const methods = method === "GET" ? ["GET", "HEAD"] : [method];
    allowed.set(path, [...(allowed.get(path) ?? []), ...methods]);
  }
  return allowed;
}
