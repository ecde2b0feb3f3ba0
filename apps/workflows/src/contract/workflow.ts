import { z } from "zod";

import { WORKFLOW_STATUSES } from "./lifecycle.ts";
import { TASK_NAMES } from "./tasks.ts";

/** Where a step can be. */
export const STEP_STATUSES = [
  "PENDING",
  "RUNNING",
  "COMPLETED",
  "FAILED",
  "SKIPPED",
  "CANCELLED",
] as const;

const Anything = z.record(z.unknown());
const time = z.string().datetime();
const address = z
  .string()
  .max(512)
  .url()
  .regex(/^https?:/, "It must be an http or https address.");

/** An output of another step for an input of this one. */
const FieldMapping = z
  .object({
    from_step: z.string().min(1).describe("a step, or item inside EACH"),
    from_field: z.string().min(1).describe("one of its outputs"),
    to_field: z
      .string()
      .regex(/^[A-Za-z]\w*$/, "It must be the name of an input, or of a word of config.")
      .describe("an input of this step, or a number or text of its config"),
    transform: z
      .union([z.enum(["first", "last", "round", "lower", "upper"]), Anything])
      .nullish()
      .describe(
        "a word, or several with their arguments, as in a flow: {multiply: 0.5, round: true}",
      ),
  })
  .strict();
export type FieldMapping = z.infer<typeof FieldMapping>;

/** Lists that another system of this kind sends, and that mean nothing to a server of the contract. */
const capabilities = z.unknown().optional();

const doing = {
  id: z.string().min(1).describe("names the step within the workflow"),
  config: Anything.default({}).describe("what the step is told; files as addresses"),
  depends_on: z.array(z.string()).default([]).describe("steps that must be done first"),
  input_mappings: z.array(FieldMapping).default([]),
  max_retries: z.number().int().min(0).max(20).default(0),
  provider_config: Anything.nullish().describe(
    "GENERATION: provider_type, model, params, collection",
  ),
  fallback_provider_type: z
    .string()
    .nullish()
    .describe("GENERATION: taken when the tries are used up"),
  fallback_provider_config: Anything.nullish().describe("GENERATION: model, params, collection"),
  active_provider_capabilities: capabilities,
  fallback_provider_capabilities: capabilities,
  locked: z.boolean().optional().describe("made once, then kept whatever changes"),
  timeout: z.number().positive().max(604_800).optional().describe("seconds that a try may take"),
};
const Doing = z.object({ ...doing, task_type: z.enum(TASK_NAMES) }).strict();
/** A step that does one thing. */
export type DoingTask = z.infer<typeof Doing>;

const Each = z
  .object({
    id: doing.id,
    task_type: z.literal("EACH"),
    config: z
      .object({ over: z.array(z.string()).min(1).optional().describe("addresses of pictures") })
      .strict()
      .default({}),
    depends_on: doing.depends_on,
    input_mappings: doing.input_mappings.describe("to_field: over"),
    steps: z.array(Doing).min(1).max(1000).describe("done for each; item is the one at hand"),
    outputs: z
      .record(z.object({ from_step: z.string().min(1), from_field: z.string().min(1) }).strict())
      .optional()
      .describe("lists of what came of each, by name"),
  })
  .strict();
/** A step that does steps for each of a list. */
export type EachTask = z.infer<typeof Each>;

/** A step as it is written. */
export const WorkflowStepDefinition = z.discriminatedUnion("task_type", [Each, Doing]);
export type TaskStep = z.infer<typeof WorkflowStepDefinition>;

const metadata = {
  name: z.string().min(1).max(255),
  description: z.string().max(1000).nullish(),
  webhook_url: address.nullish(),
};

/** The body of a create. */
export const CreateWorkflow = z
  .object({
    ...metadata,
    steps: z.array(WorkflowStepDefinition).min(1).max(1000),
    config: z
      .object({ parallel: z.number().int().min(1).max(256).optional() })
      .passthrough()
      .default({})
      .describe("parallel: steps at once (default 4); anything else is kept, and given back"),
    origin_instance: z.string().min(1).max(100),
    origin_zone: z.string().max(50).nullish(),
    origin_tenant_id: z.string().min(1).max(100).nullish(),
    origin_reference: z.string().max(512).nullish(),
    suppress_subtask_events: z.boolean().default(true),
  })
  .strict();
export type CreateWorkflow = z.infer<typeof CreateWorkflow>;

/** The body of a PATCH: what is left out stays. */
export const WorkflowUpdate = z.object({ ...metadata, name: metadata.name.nullish() }).strict();
export type WorkflowUpdate = z.infer<typeof WorkflowUpdate>;

/** Seconds of models' time, without what was there already. */
const Cost = z.object({ model_seconds: z.number().min(0) });

/** A step as it is read: one for each that is done, so EACH is spread over its list. */
export const WorkflowStep = z.object({
  id: z.string().uuid(),
  step_id: z.string().describe("the step's id; inside EACH it is STEP/LABEL/ID"),
  task_type: z.enum(TASK_NAMES),
  config: Anything,
  provider_config: Anything.nullable(),
  fallback_provider_type: z.string().nullable(),
  fallback_provider_config: Anything.nullable(),
  dependencies: z.array(z.string()),
  input_mappings: z.array(FieldMapping),
  status: z.enum(STEP_STATUSES),
  task_id: z.string().nullable().describe("the run of the contract that the last try made"),
  result: Anything.nullable().describe("a file is {url, sha256, bytes, format}"),
  reused: z.enum(["made before", "locked"]).nullable(),
  error_message: z.string().nullable(),
  started_at: time.nullable(),
  completed_at: time.nullable(),
  retry_count: z.number().int().min(0),
  max_retries: z.number().int().min(0),
  cost: Cost,
  created_at: time,
  updated_at: time,
});
export type WorkflowStep = z.infer<typeof WorkflowStep>;

/** A workflow as it is read. */
export const Workflow = z.object({
  id: z.string().uuid(),
  name: z.string(),
  description: z.string().nullable(),
  status: z.enum(WORKFLOW_STATUSES),
  total_steps: z.number().int().min(1),
  completed_steps: z.number().int().min(0),
  progress: z.number().min(0).max(100),
  current_step: z.string().nullable(),
  final_step_id: z.string().nullable(),
  final_step_result: Anything.nullable(),
  config: Anything,
  suppress_subtask_events: z.boolean(),
  origin_instance: z.string(),
  origin_zone: z.string().nullable(),
  origin_tenant_id: z.string().nullable(),
  origin_reference: z.string().nullable(),
  webhook_url: z.string().nullable(),
  error_message: z.string().nullable(),
  errors: z.array(z.string()),
  started_at: time.nullable(),
  completed_at: time.nullable(),
  created_at: time,
  updated_at: time,
  is_deleted: z.boolean(),
  deleted_at: time.nullable(),
  cost: Cost,
  steps: z.array(WorkflowStep),
});
export type Workflow = z.infer<typeof Workflow>;

export const WorkflowList = z.object({
  workflows: z.array(Workflow),
  total: z.number().int().min(0),
  skip: z.number().int().min(0),
  limit: z.number().int().min(0),
});

/** What a cleanup did. */
export const CleanupReport = z.object({
  tasks_processed: z.number().int().min(0),
  tasks_cleaned: z.number().int().min(0),
  deleted_paths: z.array(z.string()),
  errors: z.array(
    z.object({
      task_id: z.string(),
      step_id: z.string(),
      task_type: z.string(),
      error: z.string(),
    }),
  ),
});
export type CleanupReport = z.infer<typeof CleanupReport>;

export const CleanupAnswer = z.object({ workflow: Workflow, cleanup: CleanupReport });

/** A webhook that was sent, or is to be sent. */
export const Delivery = z.object({
  id: z.string(),
  type: z.string(),
  url: z.string(),
  status: z.enum(["pending", "delivered", "failed"]),
  attempts: z.number().int().min(0),
  last_status: z.number().int().nullable(),
  last_error: z.string().nullable(),
  next_attempt_at: time.nullable(),
  created_at: time,
});
export type Delivery = z.infer<typeof Delivery>;
