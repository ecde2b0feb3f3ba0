import { z } from "zod";

// The neighbouring API's own shapes, and not this service's: whoever keeps these keeps its clients.
const time = z.string().datetime({ offset: true, local: true });
const text = z.string().nullable();
const STATUSES = ["PENDING", "RUNNING", "PAUSED", "COMPLETED", "FAILED", "CANCELLED"] as const;

export const Step = z
  .object({
    id: z.string().uuid(),
    step_id: z.string(),
    task_type: z.string(),
    config: z.record(z.unknown()),
    provider_config: z.record(z.unknown()).nullish(),
    fallback_provider_type: text.optional(),
    fallback_provider_config: z.record(z.unknown()).nullish(),
    dependencies: z.array(z.string()),
    input_mappings: z.array(z.record(z.unknown())),
    status: z.string(),
    task_id: text.optional(),
    result: z.record(z.unknown()).nullish(),
    error_message: text.optional(),
    started_at: time.nullish(),
    completed_at: time.nullish(),
    retry_count: z.number().int().min(0),
    max_retries: z.number().int().min(0),
    created_at: time,
    updated_at: time,
  })
  .passthrough();

export const Workflow = z
  .object({
    id: z.string().uuid(),
    name: z.string(),
    description: text.optional(),
    status: z.enum(STATUSES),
    total_steps: z.number().int().min(0),
    completed_steps: z.number().int().min(0),
    progress: z.number(),
    current_step: text.optional(),
    final_step_id: text.optional(),
    final_step_result: z.record(z.unknown()).nullish(),
    config: z.record(z.unknown()),
    suppress_subtask_events: z.boolean(),
    origin_instance: z.string(),
    origin_zone: text.optional(),
    origin_tenant_id: text.optional(),
    origin_reference: text.optional(),
    webhook_url: text.optional(),
    error_message: text.optional(),
    errors: z.array(z.string()),
    started_at: time.nullish(),
    completed_at: time.nullish(),
    created_at: time,
    updated_at: time,
    is_deleted: z.boolean().optional(),
    deleted_at: time.nullish(),
    steps: z.array(Step).optional(),
  })
  .passthrough();
export type Workflow = z.infer<typeof Workflow>;

export const List = z.object({
  workflows: z.array(Workflow),
  total: z.number().int(),
  skip: z.number().int(),
  limit: z.number().int(),
});

export const Cleanup = z.object({
  workflow: Workflow,
  cleanup: z.object({
    tasks_processed: z.number().int().min(0),
    tasks_cleaned: z.number().int().min(0),
    deleted_paths: z.array(z.string()),
    errors: z.array(z.record(z.unknown())),
  }),
});
