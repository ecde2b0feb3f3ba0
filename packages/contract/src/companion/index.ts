/**
 * What Modly serves beside the three endpoints, and clients expect.
 *
 * Apart from the contract on purpose: a server conforms without any of it.
 */
import { initContract } from "@ts-rest/core";
import { z } from "zod";

import { Problem } from "../problems.ts";

export { Job, JobFields, jobsContract } from "./jobs.ts";

/** The types of parameters we check. Extensions have more; those pass unchecked. */
export const PARAM_TYPES = ["int", "float", "string", "select", "boolean", "text"] as const;

const numberOrText = z.union([z.number(), z.string()]);

/** One parameter of a model, as Modly describes it. Numbers may come as text: extensions do that. */
export const ParamSpec = z
  .object({
    id: z.string(),
    label: z.string().optional(),
    type: z.string(),
    default: z.unknown(),
    min: numberOrText.optional(),
    max: numberOrText.optional(),
    step: numberOrText.optional(),
    options: z
      .array(
        z
          .object({ value: z.union([z.string(), z.number(), z.boolean()]), label: z.string() })
          .passthrough(),
      )
      .optional(),
    tooltip: z.string().optional(),
    show_if: z.unknown().optional(),
  })
  .passthrough();
export type ParamSpec = z.infer<typeof ParamSpec>;

/** A row of `GET /model/all`. */
export const Model = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    version: z.string(),
    vram_gb: z.number().nullable(),
    hf_repo: z.string().nullable(),
    tags: z.array(z.string()),
    downloaded: z.boolean(),
    loaded: z.boolean(),
    active: z.boolean(),
  })
  .passthrough();
export type Model = z.infer<typeof Model>;

/** The answer of `GET /model/status`: the model a create without better knowledge would name. */
export const ModelStatus = Model.pick({ id: true, name: true, downloaded: true, loaded: true });
export type ModelStatus = z.infer<typeof ModelStatus>;

/** The answer of `GET /health`: enough to know the server, never a path. */
export const Health = z
  .object({ status: z.literal("ok"), version: z.string(), workflow_runs: z.literal("1.0") })
  .passthrough();
export type Health = z.infer<typeof Health>;

/** The formats a mesh can be had in, with their media types. */
export const EXPORT_FORMATS = {
  glb: "model/gltf-binary",
  obj: "model/obj",
  stl: "model/stl",
  ply: "application/octet-stream",
  "3mf": "model/3mf",
} as const;
export type ExportFormat = keyof typeof EXPORT_FORMATS;

const c = initContract();
const refusals = { 400: Problem, 401: Problem, 403: Problem, 404: Problem, 500: Problem } as const;

/** The routes that answer in JSON. Files (`/workspace`, `/export`) are served beside them. */
export const companionContract = c.router({
  health: {
    method: "GET",
    path: "/health",
    summary:
      "Is the server there, and which contract does it speak; with ?ready, can it take a run",
    query: z.object({ ready: z.string().optional() }),
    responses: { 200: Health, ...refusals, 503: Problem },
  },
  models: {
    method: "GET",
    path: "/model/all",
    summary: "The models a run can name",
    responses: { 200: z.array(Model), ...refusals },
  },
  modelStatus: {
    method: "GET",
    path: "/model/status",
    summary: "The default model",
    responses: { 200: ModelStatus, ...refusals },
  },
  modelParams: {
    method: "GET",
    path: "/model/params",
    summary: "The parameters of a model",
    query: z.object({ model_id: z.string() }),
    responses: { 200: z.array(ParamSpec), ...refusals },
  },
});
