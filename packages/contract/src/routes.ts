import { initContract } from "@ts-rest/core";
import { z } from "zod";

import { PROBLEMS, Problem } from "./problems.ts";
import { CreateAnswer, RunId, StrictCancelAnswer, StrictRun } from "./run.ts";

/** A folder of the workspace. Needs no escaping in a URL and is a legal name on every file system. */
export const Collection = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    "begins with a letter or digit, then letters, digits, dot, dash or underscore, at most 64",
  )
  .refine((name) => !name.endsWith("."), "must not end with a dot")
  .refine(
    (name) => !/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(name),
    "is a device name on Windows",
  );

/** The text parts of a create, before the model's own rules for `params` are known. */
export const CreateFields = z.object({
  model_id: z.string().trim().min(1, "is missing or empty"),
  params: z.string().default("{}"),
  collection: Collection.default("Default"),
});
export type CreateFields = z.infer<typeof CreateFields>;

/** Params that any create may carry: existing clients send them to every model. */
export const COMMON_PARAMS = ["remesh", "enable_texture", "texture_resolution", "seed"] as const;

type ProblemAnswers = Record<(typeof PROBLEMS)[keyof typeof PROBLEMS]["status"], typeof Problem>;

/** Any route may refuse with any row of the table: a proxy, a guard or a full disk asks no route. */
const refusals = Object.fromEntries(
  Object.values(PROBLEMS)
    .filter((row) => !("beside" in row))
    .map(({ status }) => [status, Problem]),
) as ProblemAnswers;

const c = initContract();
const runPath = z.object({ run_id: RunId });

/** The whole surface. Frozen: three routes, and no fourth in this contract. */
export const workflowRunsContract = c.router({
  create: {
    method: "POST",
    path: "/workflow-runs/from-image",
    summary: "Start a run: one picture, one model, one mesh",
    contentType: "multipart/form-data",
    headers: z.object({ "idempotency-key": z.string().optional() }),
    body: CreateFields.extend({ image: z.custom<Blob>() }),
    responses: { 200: CreateAnswer, ...refusals },
  },
  get: {
    method: "GET",
    path: "/workflow-runs/:run_id",
    summary: "Read a run, wait for it to change, or follow it as a stream of events",
    pathParams: runPath,
    headers: z.object({
      "if-none-match": z.string().optional(),
      prefer: z.string().optional(),
      "last-event-id": z.string().optional(),
    }),
    responses: { 200: StrictRun, 204: c.noBody(), 304: c.noBody(), ...refusals },
  },
  cancel: {
    method: "POST",
    path: "/workflow-runs/:run_id/cancel",
    summary: "Ask for a run to stop; of a run that has ended, only tells how",
    pathParams: runPath,
    body: c.noBody(),
    responses: { 200: StrictCancelAnswer, ...refusals },
  },
});
