import { createHash } from "node:crypto";

import { isFile, type Plan, type PlanStep, type StepStatus, type Value } from "@modly-runs/flows";
import type { StepRow } from "@modly-runs/flows/ports";

import { taskOf } from "../contract/tasks.ts";
import type { DoingTask, Workflow, WorkflowStep } from "../contract/workflow.ts";
import type { WorkflowRow } from "../stores/workflow-store.ts";

const STATUSES: Readonly<Record<StepStatus, WorkflowStep["status"]>> = {
  waiting: "PENDING",
  running: "RUNNING",
  done: "COMPLETED",
  failed: "FAILED",
  skipped: "SKIPPED",
  cancelled: "CANCELLED",
};

/** A workflow as it is read: its row, its plan, and what came of the steps so far. */
export function viewOf(row: WorkflowRow, plan: Plan, rows: readonly StepRow[]): Workflow {
  const known = new Map(rows.map((one) => [one.step, one]));
  const written = stepsOf(row);
  const steps = plan.steps.map((step) => stepView(row, step, known.get(step.id), written));
  const done = steps.filter(({ status }) => status === "COMPLETED").length;
  const final = finalOf(plan);
  const finalStep = steps.find(({ step_id: id }) => id === final);
  const { body } = row;
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    status: row.status,
    total_steps: steps.length,
    completed_steps: done,
    progress: Math.floor((done / steps.length) * 10_000) / 100,
    current_step: steps.find(({ status }) => status === "RUNNING")?.step_id ?? null,
    final_step_id: final ?? null,
    final_step_result: row.status === "COMPLETED" ? (finalStep?.result ?? null) : null,
    config: body.config,
    suppress_subtask_events: body.suppress_subtask_events,
    origin_instance: body.origin_instance,
    origin_zone: body.origin_zone ?? null,
    origin_tenant_id: body.origin_tenant_id ?? null,
    origin_reference: body.origin_reference ?? null,
    webhook_url: row.webhookUrl,
    error_message: row.errors[0] ?? null,
    errors: [...row.errors],
    started_at: time(row.startedAt),
    completed_at: time(row.completedAt),
    created_at: time(row.createdAt)!,
    updated_at: time(
      rows.reduce(
        (at, { startedAt, endedAt }) => Math.max(at, startedAt ?? 0, endedAt ?? 0),
        row.updatedAt,
      ),
    )!,
    is_deleted: row.deletedAt !== null,
    deleted_at: time(row.deletedAt),
    cost: { model_seconds: sum(steps.map(({ cost }) => cost.model_seconds)) },
    steps,
  };
}

function stepView(
  { id: workflow, createdAt }: WorkflowRow,
  { id, ways, needs, retries }: PlanStep,
  row: StepRow | undefined,
  written: ReadonlyMap<string, DoingTask>,
): WorkflowStep {
  const as = written.get(writtenId(id))!;
  const status = row ? STATUSES[row.state.status] : "PENDING";
  return {
    id: uuidOf(workflow, id),
    step_id: id,
    task_type: taskOf(ways[0].uses),
    config: as.config,
    provider_config: as.provider_config ?? null,
    fallback_provider_type: as.fallback_provider_type ?? null,
    fallback_provider_config: as.fallback_provider_config ?? null,
    dependencies: [...needs],
    input_mappings: as.input_mappings,
    status,
    task_id: row?.runId ?? null,
    result: row?.outputs ? resultOf(workflow, row.outputs) : null,
    reused: row?.reused ?? null,
    error_message: status === "COMPLETED" ? null : (row?.error ?? null),
    started_at: time(row?.startedAt ?? null),
    completed_at: time(row?.endedAt ?? null),
    retry_count: Math.max(0, (row?.state.attempt ?? 0) - 1),
    max_retries: retries,
    cost: { model_seconds: row?.seconds ?? 0 },
    created_at: time(createdAt)!,
    updated_at: time(Math.max(createdAt, row?.startedAt ?? 0, row?.endedAt ?? 0))!,
  };
}

/** What went wrong with the steps, one sentence each. */
export const errorsOf = (rows: readonly StepRow[]): string[] =>
  rows
    .filter(({ state }) => state.status === "failed")
    .map(({ step, error }) => `${step}: ${error ?? "It failed."}`);

/** Where a file of a workflow is served. */
export const fileUrl = (workflow: string, { sha256, format }: { sha256: string; format: string }) =>
  `/api/v1/workflows/${workflow}/files/${sha256}.${format}`;

function resultOf(workflow: string, outputs: Readonly<Record<string, Value>>) {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, value]) => [name, plain(workflow, value)]),
  );
}

function plain(workflow: string, value: Value): unknown {
  if (!isFile(value)) return value.type === "text" ? value.text : value.number;
  const { sha256, bytes, format, name } = value;
  return { url: fileUrl(workflow, value), sha256, bytes, format, ...(name ? { name } : {}) };
}

/** The last step that no other needs: what the workflow is for. */
function finalOf({ steps }: Plan): string | undefined {
  const needed = new Set(steps.flatMap(({ needs }) => needs));
  return steps.findLast(({ id }) => !needed.has(id))?.id;
}

/** The steps as they were written, by `id`, and inside EACH by `each/id`. */
function stepsOf({ body }: WorkflowRow): Map<string, DoingTask> {
  return new Map(
    body.steps.flatMap((step): [string, DoingTask][] =>
      step.task_type === "EACH"
        ? step.steps.map((one) => [`${step.id}/${one.id}`, one])
        : [[step.id, step]],
    ),
  );
}

/** `all/duck/mesh` was written as `all/mesh`. */
function writtenId(id: string): string {
  const parts = id.split("/");
  return parts.length === 3 ? `${parts[0]}/${parts[2]}` : id;
}

/** The same for the same step, so that nothing has to be stored for it. */
function uuidOf(workflow: string, step: string): string {
  const hex = createHash("sha256").update(`${workflow}/${step}`).digest("hex");
  const variant = ((Number.parseInt(hex[16]!, 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const time = (at: number | null): string | null =>
  at === null ? null : new Date(at).toISOString();

const sum = (numbers: readonly number[]): number =>
  Math.round(numbers.reduce((all, one) => all + one, 0) * 1000) / 1000;
