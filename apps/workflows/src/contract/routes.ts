import { initContract } from "@ts-rest/core";
import { z } from "zod";

import { WORKFLOW_STATUSES } from "./lifecycle.ts";
import { Problem, PROBLEMS } from "./problems.ts";
import {
  CleanupAnswer,
  CreateWorkflow,
  Delivery,
  Workflow,
  WorkflowList,
  WorkflowUpdate,
} from "./workflow.ts";

type Refusals = Record<(typeof PROBLEMS)[keyof typeof PROBLEMS]["status"], typeof Problem>;
const refusals = Object.fromEntries(
  Object.values(PROBLEMS).map(({ status }) => [status, Problem]),
) as Refusals;

/** A switch in a query. */
const yesOrNo = (otherwise: boolean) =>
  z
    .string()
    .regex(/^(true|false|1|0)$/i, "It must be true or false.")
    .default(String(otherwise))
    .transform((word) => /^(true|1)$/i.test(word));

const whole = (otherwise: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `It must be a whole number from 0 to ${most}.`)
    .default(String(otherwise))
    .transform(Number)
    .pipe(z.number().max(most, `It must be a whole number from 0 to ${most}.`));

const c = initContract();
const one = "/api/v1/workflows/:workflow_id";
const pathParams = z.object({ workflow_id: z.string().min(1).max(128) });
const answers = { 200: Workflow, ...refusals };

/** What the list is narrowed by. */
export const ListQuery = z.object({
  status: z.enum(WORKFLOW_STATUSES).optional(),
  origin_instance: z.string().optional(),
  origin_tenant_id: z.string().optional(),
  include_deleted: yesOrNo(false),
  skip: whole(0, 1_000_000_000 - 1),
  limit: whole(50, 200),
});

/** The whole surface of the service: the neighbouring API's endpoints, and the pause that its life cycle has. */
export const workflowsContract = c.router({
  create: {
    method: "POST",
    path: "/api/v1/workflows/",
    summary: "Create a workflow, and start it unless start=false",
    query: z.object({ start: yesOrNo(true) }),
    body: CreateWorkflow,
    responses: { 201: Workflow, ...answers },
  },
  list: {
    method: "GET",
    path: "/api/v1/workflows/",
    summary: "List workflows, the newest first",
    query: ListQuery,
    responses: { 200: WorkflowList, ...refusals },
  },
  get: {
    method: "GET",
    path: one,
    pathParams,
    summary: "Read a workflow, or follow it as a stream of events",
    responses: { ...answers, 204: c.noBody(), 304: c.noBody() },
  },
  update: {
    method: "PATCH",
    path: one,
    pathParams,
    summary: "Change the name, the description or the webhook's address",
    body: WorkflowUpdate,
    responses: answers,
  },
  cancel: {
    method: "DELETE",
    path: one,
    pathParams,
    summary: "Cancel a workflow and all its running tasks",
    body: c.noBody(),
    responses: answers,
  },
  start: {
    method: "POST",
    path: `${one}/start`,
    pathParams,
    summary: "Start a workflow that is PENDING",
    body: c.noBody(),
    responses: answers,
  },
  pause: {
    method: "POST",
    path: `${one}/pause`,
    pathParams,
    summary: "Begin no further step; those under way go on",
    body: c.noBody(),
    responses: answers,
  },
  resume: {
    method: "POST",
    path: `${one}/resume`,
    pathParams,
    summary: "Go on with a workflow that is PAUSED or FAILED: what is done stays done",
    body: c.noBody(),
    responses: answers,
  },
  cleanup: {
    method: "POST",
    path: `${one}/cleanup`,
    pathParams,
    summary: "Mark a workflow as deleted, and remove its files unless cleanup_tasks=false",
    query: z.object({ cleanup_tasks: yesOrNo(true) }),
    body: c.noBody(),
    responses: { 200: CleanupAnswer, ...refusals },
  },
});

/** Beside it: what came of the webhooks of a workflow. */
export const besideContract = c.router({
  deliveries: {
    method: "GET",
    path: `${one}/deliveries`,
    pathParams,
    summary: "The webhooks of a workflow: what was sent, what came back, what is still to be sent",
    responses: { 200: z.object({ deliveries: z.array(Delivery) }), ...refusals },
  },
});
