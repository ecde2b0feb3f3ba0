import { z } from "zod";

export const PARAM_TYPES = ["int", "float", "string", "select", "boolean", "text"] as const;

/** One parameter of a model, as Modly describes it. Numbers may come as text: extensions do that. */
export const ParamSpec = z
  .object({
    id: z.string(),
    label: z.string().optional(),
    type: z.string(),
    default: z.unknown(),
    min: z.union([z.number(), z.string()]).optional(),
    max: z.union([z.number(), z.string()]).optional(),
    step: z.union([z.number(), z.string()]).optional(),
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
