import { initContract } from "@ts-rest/core";
import { z } from "zod";

import { RUN_STATUSES } from "../lifecycle.ts";
import { PROBLEMS, Problem } from "../problems.ts";
import { RunId } from "../run.ts";

/** A run in the words of Modly's job API. */
export const Job = z
  .object({
    job_id: RunId,
    status: z.enum(RUN_STATUSES),
    progress: z.number().int().min(0).max(100),
    step: z.string().nullable(),
    output_url: z.string().nullable(),
    error: z.string().nullable(),
  })
  .passthrough();
export type Job = z.infer<typeof Job>;

/** The text parts of a job. All but the last three are those of a run's create. */
export const JobFields = z.object({
  model_id: z.string().trim().min(1, "is empty").optional(),
  collection: z.string().optional(),
  params: z.string().default("{}"),
  remesh: z.string().optional(),
  enable_texture: z.string().optional(),
  texture_resolution: z.string().optional(),
});
export type JobFields = z.infer<typeof JobFields>;

type Refusals = Record<(typeof PROBLEMS)[keyof typeof PROBLEMS]["status"], typeof Problem>;
const refusals = Object.fromEntries(
  Object.values(PROBLEMS)
    .filter((row) => !("beside" in row))
    .map(({ status }) => [status, Problem]),
) as Refusals;

const c = initContract();
const jobPath = z.object({ job_id: RunId });

/** Modly's older job API over runs: a job's id is its run's. For clients that know nothing newer. */
export const jobsContract = c.router({
  createJob: {
    method: "POST",
    path: "/generate/from-image",
    summary: "Start a run, as Modly's job API has it",
    contentType: "multipart/form-data",
    body: JobFields.extend({ image: z.custom<Blob>() }),
    responses: { 200: z.object({ job_id: RunId }), ...refusals },
  },
  job: {
    method: "GET",
    path: "/generate/status/:job_id",
    summary: "Read a run, as Modly's job API has it",
    pathParams: jobPath,
    responses: { 200: Job, ...refusals },
  },
  cancelJob: {
    method: "POST",
    path: "/generate/cancel/:job_id",
    summary: "Ask for a run to stop, as Modly's job API has it",
    pathParams: jobPath,
    body: c.noBody(),
    responses: { 200: z.object({ cancelled: z.boolean() }), ...refusals },
  },
});
